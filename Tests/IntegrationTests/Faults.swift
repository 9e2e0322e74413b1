import Storage
import TestSupport
import Testing

/// Undoes a fault.
typealias Repair = @Sendable () async throws -> Void

/// What may go wrong with Redis.
enum RedisFault: String, CaseIterable, CustomTestStringConvertible {
    case neverStarted = "was not there when the servers started"
    case killed = "is killed"
    case paused = "is a black hole"
    case noise = "speaks another language"
    case consent = "says OK to everything"
    case full = "refuses to write"
    case halting = "answers reads and holds writes back"

    var testDescription: String { "Redis \(rawValue)" }
    var precedesServers: Bool { self == .neverStarted }

    func strike(_ redis: PrivateRedis) async throws -> Repair {
        switch self {
        case .neverStarted, .killed:
            await redis.stop()
            return { try await redis.start() }
        case .paused:
            await redis.pause()
            return { await redis.proceed() }
        case .noise: return try await replace(redis, speaking: .noise)
        case .consent: return try await replace(redis, speaking: .consent)
        case .full:
            try await redis.command("CONFIG", "SET", "maxmemory", "1")
            return { try await redis.command("CONFIG", "SET", "maxmemory", "0") }
        case .halting:
            try await redis.command("CLIENT", "PAUSE", "600000", "WRITE")
            return { try await redis.command("CLIENT", "UNPAUSE") }
        }
    }

    private func replace(_ redis: PrivateRedis, speaking speech: NonsenseListener.Speech) async throws -> Repair {
        await redis.stop()
        let impostor = try await NonsenseListener(port: redis.port, speaking: speech)
        return {
            try await impostor.close()
            try await redis.start()
        }
    }
}

/// What may go wrong with the database.
enum DatabaseFault: String, CaseIterable, CustomTestStringConvertible {
    case stopped = "is stopped"
    case crashed = "crashed"
    case paused = "is a black hole"

    var testDescription: String { "the database \(rawValue)" }
    /// Whether it can be started elsewhere meanwhile, to be changed unseen.
    var isDown: Bool { self != .paused }

    func strike(_ database: PrivatePostgres) async throws -> Repair {
        switch self {
        case .stopped, .crashed:
            try await database.stop(self == .stopped ? .fast : .immediate)
            return { try await database.start() }
        case .paused:
            try await database.pause()
            return { try await database.proceed() }
        }
    }
}

/// Runs a test with a PostgreSQL that may be broken, and a seeded store in it.
func withPrivateDatabase(_ test: @Sendable (PrivatePostgres, TestDatabase) async throws -> Void) async throws {
    try await PrivatePostgres.run { postgres in
        let database = try DatabaseURL(postgres.url()).open(create: true, logger: TestDatabase.logger)
        try await TestDatabase.migrator(database).migrate()
        _ = try await Seeder(database: database, seedData: SyntheticContent.shared.seedData).seed(from: nil)
        try await test(postgres, TestDatabase(database: database, url: postgres.url()))
    }
}
