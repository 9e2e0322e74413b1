import AsyncHTTPClient
public import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
public import Quran

/// Gets the texts of the catalogue from their publisher into a content folder.
///
/// A file reaches the folder only when it is complete and matches its pin, so that a broken download leaves nothing
/// behind that a later seed could mistake for content.
public struct ContentDownload: Sendable {
    /// One file that was asked for.
    public struct Outcome: Sendable {
        public let edition: EditionID
        public let file: String
        /// `nil` if the file is in the folder now.
        public let error: ContentError?
    }

    private let seedData: SeedData
    private let base: String

    /// The largest file that is accepted; the largest published text is 2 MB.
    private static let sizeLimit = 32 << 20
    private static let timeout = TimeAmount.seconds(60)

    /// - Parameter base: replaces the catalogue's base address.
    public init(seedData: SeedData, base: String? = nil) {
        self.seedData = seedData
        self.base = base ?? seedData.downloadBase
    }

    /// Downloads what the folder lacks.
    ///
    /// - Returns: an outcome for each file that was tried. After a publisher that can't be reached no further file is
    ///   tried.
    /// - Throws: ``ContentError`` (`unreadable`) if the folder can't be written.
    public func fill(
        _ folder: URL, allowUnpinned: Bool = false, progress: @Sendable (SeedProgress) -> Void = { _ in }
    ) async throws -> [Outcome] {
        var configuration = HTTPClient.Configuration()
        // A publisher that can't be reached is told at once: whoever seeds may go on without.
        configuration.connectionPool.retryConnectionEstablishment = false
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            await fill(folder, with: client, allowUnpinned: allowUnpinned, progress: progress)
        }
    }

    private func fill(
        _ folder: URL, with client: HTTPClient, allowUnpinned: Bool, progress: @Sendable (SeedProgress) -> Void
    ) async -> [Outcome] {
        var outcomes: [Outcome] = []
        for entry in seedData.catalogue {
            guard let template = entry.download, let file = entry.files.first,
                !entry.files.contains(where: { FileManager.default.fileExists(atPath: folder.appending(path: $0).path) }
                )
            else { continue }
            progress(.reading(file: file))
            let address = template.replacing("{base}", with: base)
            do throws(ContentError) {
                let bytes = try await get(address, file: file, with: client)
                _ = try ImportedEdition(
                    entry, bytes: [UInt8](bytes), file: file, structure: seedData.structure,
                    allowUnpinned: allowUnpinned)
                try write(bytes, to: folder.appending(path: file))
                outcomes.append(Outcome(edition: entry.edition.id, file: file, error: nil))
            } catch {
                outcomes.append(Outcome(edition: entry.edition.id, file: file, error: error))
                if error.code == .unreadable { break }
            }
        }
        return outcomes
    }

    private func get(_ address: String, file: String, with client: HTTPClient) async throws(ContentError) -> Data {
        do {
            let response = try await client.execute(HTTPClientRequest(url: address), timeout: Self.timeout)
            guard response.status == .ok else {
                throw ContentError(.format, file: file, "\(address) answered \(response.status.code)")
            }
            return Data(buffer: try await response.body.collect(upTo: Self.sizeLimit))
        } catch let error as ContentError {
            throw error
        } catch is NIOTooManyBytesError {
            throw ContentError(.format, file: file, "\(address) sends a file larger than \(Self.sizeLimit) bytes")
        } catch {
            throw ContentError(.unreadable, file: file, "\(address) cannot be reached: \(error)")
        }
    }

    private func write(_ bytes: Data, to url: URL) throws(ContentError) {
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try bytes.write(to: url, options: .atomic)
        } catch {
            throw ContentError(.unreadable, file: url.path, "the file cannot be written: \(error)")
        }
    }
}
