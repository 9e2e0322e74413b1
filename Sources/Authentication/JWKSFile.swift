import Foundation
import NIOPosix

/// A file with published keys.
struct JWKSFile: Sendable {
    /// The most bytes of a key set, from a file or a server.
    static let maximumBytes = 1 << 20

    let path: String

    init(_ url: URL) { path = url.path }

    /// Reads the file on a thread that may block.
    ///
    /// - Parameter known: what was read last.
    /// - Returns: `nil` if the file is still that.
    /// - Throws: ``AuthenticationError`` (`keysUnavailable`).
    func read(
        unless known: OpenFile.Version?
    ) async throws(AuthenticationError) -> (bytes: [UInt8], version: OpenFile.Version)? {
        do {
            return try await NIOThreadPool.singleton.runIfActive {
                let file = try OpenFile(reading: path, code: .keysUnavailable)
                guard file.version != known else { return nil }
                return (try file.read(upTo: Self.maximumBytes, code: .keysUnavailable), file.version)
            }
        } catch let error as AuthenticationError {
            throw error
        } catch {
            throw AuthenticationError(.keysUnavailable, "\(path) cannot be read: \(error)")
        }
    }
}
