import Caching
import Configuration
import Foundation
import Logging
import Observability
import Storage

/// What the program is told by its environment.
struct Settings: Sendable {
    let databaseURL: DatabaseURL
    /// How long the database may show no sign of life before a read that needs it is turned away.
    let databasePatience: Duration
    let host: String
    let port: Int
    let cache: CacheSettings
    /// The Redis that instances share; may hold a password: never print it.
    let redisURL: String?
    let tokens: TokenSettings
    /// What commands show a server; never print it.
    let adminToken: String?
    let metrics: MetricsSettings
    let webhooks: WebhookSettings
    let warmUp: WarmUpSettings
    let sentry: SentrySettings
    let limits: LimitSettings
    let httpCaching: HTTPCachingSettings
    let contentFolder: URL?
    /// Replaces the base address of downloads.
    let downloadBase: String?
    let logLevel: Logger.Level
    let logFormat: LogFormat
    private let resources: String?

    /// Reads the configuration.
    ///
    /// - Parameter reader: its keys are
    ///   - `database.url` (default `sqlite:var/quran.sqlite`), secret
    ///   - `database.patience` (default 90ms)
    ///   - `host` (default `127.0.0.1`), `port` (default 8080)
    ///   - `redis.url`, secret
    ///   - those of ``CacheSettings``, ``TokenSettings``, ``WebhookSettings``, ``WarmUpSettings``, ``SentrySettings``,
    ///     ``MetricsSettings``, ``LimitSettings`` and ``HTTPCachingSettings``
    ///   - `quran.token`, secret, `quran.content.dir`, `quran.download.base`, `quran.resources`
    ///   - `log.level` (default `info`), `log.format` (`text` or `json`; by default text on a terminal)
    /// - Throws: ``Failure`` that names the variable and what it may be.
    init(reader: ConfigReader) throws {
        func number(_ key: ConfigKey, _ name: String, default value: Int, in range: ClosedRange<Int>) throws -> Int {
            guard let text = reader.string(forKey: key) else { return value }
            guard let number = Int(text), range.contains(number) else {
                throw Failure(
                    .badConfiguration, "\(name) must be a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        func name<Value: RawRepresentable<String> & CaseIterable>(
            _ key: ConfigKey, _ name: String, default value: Value
        ) throws -> Value {
            guard let text = reader.string(forKey: key) else { return value }
            guard let named = Value(rawValue: text) else {
                let all = Value.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(.badConfiguration, "\(name) must be one of \(all)")
            }
            return named
        }
        databaseURL = try DatabaseURL(
            reader.string(forKey: "database.url", isSecret: true, default: "sqlite:var/quran.sqlite"))
        let patience = reader.string(forKey: "database.patience")
        guard let duration = patience.map(LimitSettings.duration) ?? CachePolicy().impatience else {
            throw Failure(.badConfiguration, "DATABASE_PATIENCE must be \(LimitSettings.durations)")
        }
        databasePatience = duration
        host = reader.string(forKey: "host", default: "127.0.0.1")
        port = try number("port", "PORT", default: 8080, in: 0...65535)
        cache = try CacheSettings(reader: reader)
        redisURL = reader.string(forKey: "redis.url", isSecret: true)
        tokens = try TokenSettings(reader: reader)
        adminToken = reader.string(forKey: "quran.token", isSecret: true)
        metrics = try MetricsSettings(reader: reader) { try number($0, $1, default: 0, in: $2) }
        webhooks = try WebhookSettings(reader: reader)
        warmUp = try WarmUpSettings(reader: reader)
        sentry = try SentrySettings(reader: reader, store: databaseURL)
        limits = try LimitSettings(reader: reader)
        httpCaching = try HTTPCachingSettings(reader: reader)
        contentFolder = reader.string(forKey: "quran.content.dir").map { URL(filePath: $0) }
        downloadBase = reader.string(forKey: "quran.download.base")
        resources = reader.string(forKey: "quran.resources")
        logLevel = try name("log.level", "LOG_LEVEL", default: Logger.Level.info)
        logFormat = try name("log.format", "LOG_FORMAT", default: standardErrorIsTerminal ? .text : .json)
    }

    /// What the cache of a server, or of a command that works as one does, promises.
    var cachePolicy: CachePolicy {
        var policy = CachePolicy()
        policy.impatience = databasePatience
        return policy
    }

    /// From the process's environment.
    init() throws { try self.init(reader: ConfigReader(provider: EnvironmentVariablesProvider())) }

    /// The folder that holds `migrations/` and `seed-data/`: the one that was named, else the working directory or one
    /// above the executable.
    ///
    /// - Throws: ``Failure`` (`badConfiguration`) if there is none.
    func resourcesFolder() throws -> URL {
        var candidates: [URL] = []
        if let resources {
            candidates.append(URL(filePath: resources))
        } else {
            candidates.append(URL(filePath: FileManager.default.currentDirectoryPath))
            if let executable = Bundle.executablePath {
                var folder = URL(filePath: executable).deletingLastPathComponent()
                while folder.pathComponents.count > 1 {
                    candidates.append(folder)
                    folder = folder.deletingLastPathComponent()
                }
            }
        }
        let found = candidates.first { folder in
            ["migrations", "seed-data"].allSatisfy {
                FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
            }
        }
        guard let found else {
            throw Failure(
                .badConfiguration,
                "found no folder with migrations/ and seed-data/; name it with QURAN_RESOURCES")
        }
        return found
    }

    /// - Parameter sentry: hears of errors that are logged.
    func makeLogger(telling sentry: SentryClient? = nil) -> Logger {
        Logger(label: "quran") { [logFormat, logLevel] _ in
            var standardError = StandardErrorLogHandler(format: logFormat)
            // Not that of the logger, which would be that of both handlers.
            standardError.logLevel = logLevel
            guard let sentry else { return standardError }
            return MultiplexLogHandler([standardError, SentryLogHandler(sentry)])
        }
    }
}

private enum Bundle {
    /// The file of the running program.
    static var executablePath: String? {
        do {
            return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        } catch {
            // Not Linux: the working directory has to do.
            return nil
        }
    }
}
