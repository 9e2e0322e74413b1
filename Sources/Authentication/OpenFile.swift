#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open file, closed when it goes away. Foundation can neither create a file exclusively nor look at the one it opened.
///
/// Its calls block. Errors name the path and the system's reason.
struct OpenFile: ~Copyable {
    /// What tells one state of a file from another, also when it is replaced by one of the same size in the same instant.
    struct Version: Hashable, Sendable {
        private let device: UInt64
        private let file: UInt64
        private let size: Int64
        private let modified: [Int]

        fileprivate init(_ status: stat) {
            device = UInt64(truncatingIfNeeded: status.st_dev)
            file = UInt64(status.st_ino)
            size = Int64(status.st_size)
            #if canImport(Darwin)
                let (content, inode) = (status.st_mtimespec, status.st_ctimespec)
            #else
                let (content, inode) = (status.st_mtim, status.st_ctim)
            #endif
            modified = [Int(content.tv_sec), content.tv_nsec, Int(inode.tv_sec), inode.tv_nsec]
        }
    }

    private let descriptor: CInt
    private let path: String
    let version: Version
    /// The permission bits.
    let mode: UInt32
    /// Whether this process or root owns it.
    let isOwned: Bool

    /// Opens a regular file to read it.
    ///
    /// - Throws: ``AuthenticationError`` with `code`.
    init(reading path: String, code: AuthenticationError.Code) throws(AuthenticationError) {
        // Opening a pipe must not wait for a writer.
        try self.init(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, code: code)
    }

    /// Creates a file that nobody but the owner may read, and that did not exist.
    ///
    /// - Throws: ``AuthenticationError`` (`invalidConfiguration`).
    init(creatingPrivate path: String) throws(AuthenticationError) {
        try self.init(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, code: .invalidConfiguration)
    }

    private init(_ path: String, _ flags: CInt, code: AuthenticationError.Code) throws(AuthenticationError) {
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw Self.failure("cannot be opened", path, code) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw AuthenticationError(code, "\(path) is no regular file")
        }
        self.descriptor = descriptor
        self.path = path
        version = Version(status)
        mode = UInt32(status.st_mode & 0o7777)
        isOwned = status.st_uid == geteuid() || status.st_uid == 0
    }

    deinit { close(descriptor) }

    /// Reads to the end.
    ///
    /// - Throws: ``AuthenticationError`` with `code`, also if there are more bytes than `limit`.
    func read(upTo limit: Int, code: AuthenticationError.Code) throws(AuthenticationError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: min(limit + 1 - bytes.count, 1 << 16)) { buffer, filled in
                #if canImport(Glibc)
                    count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                #elseif canImport(Musl)
                    count = Musl.read(descriptor, buffer.baseAddress, buffer.count)
                #else
                    count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
                #endif
                filled = max(count, 0)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure("cannot be read", path, code) }
            guard count > 0 else { return bytes }
            bytes += chunk
        }
        throw AuthenticationError(code, "\(path) has more than \(limit) bytes")
    }

    /// Writes all of it and waits for the disk.
    ///
    /// - Throws: ``AuthenticationError`` (`invalidConfiguration`).
    func write(_ bytes: [UInt8]) throws(AuthenticationError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { buffer in
                #if canImport(Glibc)
                    Glibc.write(descriptor, buffer.baseAddress, buffer.count)
                #elseif canImport(Musl)
                    Musl.write(descriptor, buffer.baseAddress, buffer.count)
                #else
                    Darwin.write(descriptor, buffer.baseAddress, buffer.count)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("cannot be written", path, .invalidConfiguration) }
            rest = rest.dropFirst(count)
        }
        // The process may have a umask that takes permissions of the owner.
        guard fchmod(descriptor, 0o600) == 0, fsync(descriptor) == 0 else {
            throw Self.failure("cannot be written", path, .invalidConfiguration)
        }
    }

    private static func failure(
        _ what: String, _ path: String, _ code: AuthenticationError.Code
    ) -> AuthenticationError {
        AuthenticationError(code, "\(path) \(what): \(String(cString: strerror(errno)))")
    }
}
