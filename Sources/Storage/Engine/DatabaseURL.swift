import Foundation
public import Logging

/// Which store to open: `sqlite:var/quran.sqlite` or `postgres://user@host/database?sslmode=verify-full`.
public enum DatabaseURL: Sendable, CustomStringConvertible {
    case sqlite(path: String)
    /// The whole URL, for libpq. May hold a password: never print it.
    case postgres(String)

    /// - Throws: ``StorageError`` (`invalidConfiguration`) that doesn't repeat the URL, since it may hold a password.
    public init(_ url: String) throws(StorageError) {
        if url.hasPrefix("sqlite:") {
            let path = url.dropFirst("sqlite:".count)
            let file = path.hasPrefix("//") ? path.dropFirst(2) : path
            guard !file.isEmpty else {
                throw StorageError(.invalidConfiguration, "DATABASE_URL names no file: write sqlite:PATH")
            }
            self = .sqlite(path: String(file))
        } else if url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") {
            self = .postgres(url)
        } else {
            throw StorageError(.invalidConfiguration, "DATABASE_URL must start with sqlite: or postgres://")
        }
    }

    public var engine: DatabaseEngine {
        switch self {
        case .sqlite: .sqlite
        case .postgres: .postgres
        }
    }

    /// Names the store without its secrets.
    public var description: String {
        switch self {
        case .sqlite(let path): return "sqlite:\(path)"
        case .postgres(let text):
            // A password with characters that should have been escaped may be taken for any other part.
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            let user = parts[0].drop { $0 != "/" }.dropFirst("//".count)
            guard parts.count == 1 || parts.count == 2 && !user.contains(where: { "/?#".contains($0) }),
                let url = URL(string: text)
            else { return "postgres" }
            let host = url.host().map { $0.contains(":") && !$0.hasPrefix("[") ? "[\($0)]" : $0 } ?? ""
            return "postgres://\(host)\(url.port.map { ":\($0)" } ?? "")\(url.path())"
        }
    }

    /// Opens the store.
    ///
    /// - Parameter create: make a SQLite file that doesn't exist. A PostgreSQL database must exist.
    /// - Throws: ``StorageError``.
    public func open(create: Bool, logger: Logger) throws -> any Database {
        switch self {
        case .sqlite(let path): try SQLiteDatabase(path: path, create: create, logger: logger)
        case .postgres(let url): try PostgresDatabase(url: url, logger: logger)
        }
    }
}
