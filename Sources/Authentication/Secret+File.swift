public import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Secret {
    /// Reads the secret of a file, and makes one first if there is no file.
    ///
    /// The file has one line. Its characters are the key, so that the line may be given to another server as its configured
    /// secret. Processes that call this at the same time end with the same secret: each writes a file of its own, with mode
    /// 0600, and only one can be linked to the name; nobody sees a file that is half written. A folder that is missing is
    /// made with mode 0700. Blocks.
    ///
    /// - Throws: ``AuthenticationError`` (`invalidConfiguration`) that names the path: if the file can't be read or made, is
    ///   someone else's, may be read by others, or is too short.
    public static func loadOrCreate(at url: URL) throws(AuthenticationError) -> Secret {
        if !FileManager.default.fileExists(atPath: url.path) { try create(at: url) }
        let file = try OpenFile(reading: url.path, code: .invalidConfiguration)
        guard file.isOwned else {
            throw AuthenticationError(.invalidConfiguration, "\(url.path) belongs to another user")
        }
        guard file.mode & 0o077 == 0 else {
            throw AuthenticationError(
                .invalidConfiguration, "\(url.path) may be read by others: chmod 600 it, or delete it to get a new one")
        }
        var bytes = try file.read(upTo: maximumBytes + 2, code: .invalidConfiguration)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard minimumBytes...maximumBytes ~= bytes.count else {
            throw AuthenticationError(
                .invalidConfiguration,
                "\(url.path) must hold a secret of \(minimumBytes) to \(maximumBytes) bytes: delete it to get a new one"
            )
        }
        return try Secret(bytes: bytes)
    }

    private static func create(at url: URL) throws(AuthenticationError) {
        let folder = url.deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw AuthenticationError(.invalidConfiguration, "\(folder.path) cannot be made: \(error)")
        }
        let draft = folder.appending(path: ".\(url.lastPathComponent).\(UUID().uuidString)").path
        defer { unlink(draft) }
        try write(randomText() + "\n", to: draft)
        guard link(draft, url.path) == 0 || errno == EEXIST else {
            throw AuthenticationError(
                .invalidConfiguration, "\(url.path) cannot be made: \(String(cString: strerror(errno)))")
        }
    }

    private static func write(_ text: String, to path: String) throws(AuthenticationError) {
        try OpenFile(creatingPrivate: path).write(Array(text.utf8))
    }
}
