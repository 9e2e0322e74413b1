import Metrics

/// A store's numbers at one moment.
public struct DatabaseStatistics: Sendable, Hashable {
    /// The connections to a server.
    public struct Pool: Sendable, Hashable {
        /// Connections that are open, idle or in use.
        public let open: Int
        /// Threads without work; each keeps its connection, if it has one.
        public let idle: Int
        /// Work that has a connection, or is connecting.
        public let running: Int
        /// Work that waits for one.
        public let waiting: Int
    }

    /// `nil` for a store that is no server.
    public let pool: Pool?
    /// The size of the file, and of its write-ahead log; `nil` for a server.
    public let fileBytes: Int?
    public let logBytes: Int?

    init(pool: Pool? = nil, fileBytes: Int? = nil, logBytes: Int? = nil) {
        self.pool = pool
        self.fileBytes = fileBytes
        self.logBytes = logBytes
    }
}

/// What is done with a store, as it is timed.
enum DatabaseOperation: String {
    case read, write

    fileprivate static let reads = timer(.read)
    fileprivate static let writes = timer(.write)

    private static func timer(_ operation: Self) -> Timer {
        Timer(label: "quran_database_duration_seconds", dimensions: [("operation", operation.rawValue)])
    }
}

/// Reports how long work with a store takes, waiting for a connection included, and of what kind its failure is.
func measured<Value: Sendable>(
    _ operation: DatabaseOperation, _ work: () async throws -> Value
) async throws -> Value {
    let timer = operation == .read ? DatabaseOperation.reads : DatabaseOperation.writes
    let start = ContinuousClock.now
    defer { timer.record(duration: .now - start) }
    do {
        return try await work()
    } catch let error as StorageError {
        Counter(label: "quran_database_failures_total", dimensions: [("kind", error.code.rawValue)]).increment()
        throw error
    }
}
