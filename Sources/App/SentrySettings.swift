import Configuration
import ContentService
import Observability
import Storage

/// What is told to Sentry, if a DSN is set. Its key is never printed.
struct SentrySettings: Sendable {
    /// `nil` if nothing is.
    let configuration: SentryConfiguration?

    /// - Parameter reader: its keys are
    ///   - `sentry.dsn`, secret
    ///   - `sentry.environment` (default `production`), `sentry.server.name`
    ///   - `sentry.sample.rate` of errors (default 1), `sentry.traces.sample.rate` of requests (default 0.01)
    /// - Throws: ``Failure`` that names the variable and what it may be.
    init(reader: ConfigReader, store: DatabaseURL) throws {
        guard let text = reader.string(forKey: "sentry.dsn", isSecret: true), !text.isEmpty else {
            configuration = nil
            return
        }
        guard let dsn = SentryDSN(text) else {
            throw Failure(
                .badConfiguration,
                "SENTRY_DSN must be http or https, //, a key of letters and digits, @, a host, and /, the number of a project"
            )
        }
        func rate(_ key: ConfigKey, _ name: String, default value: Double) throws -> Double {
            guard let text = reader.string(forKey: key) else { return value }
            guard let rate = Double(text), (0...1).contains(rate) else {
                throw Failure(.badConfiguration, "\(name) must be a number from 0 to 1")
            }
            return rate
        }
        func label(_ key: ConfigKey, _ name: String) throws -> String? {
            guard let text = reader.string(forKey: key) else { return nil }
            guard (1...64).contains(text.utf8.count),
                text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") })
            else { throw Failure(.badConfiguration, "\(name) must be 1 to 64 visible ASCII characters but /") }
            return text
        }
        var configuration = SentryConfiguration(dsn: dsn, release: "quran-backend@\(ContentService.version)")
        configuration.environment = try label("sentry.environment", "SENTRY_ENVIRONMENT") ?? configuration.environment
        configuration.serverName = try label("sentry.server.name", "SENTRY_SERVER_NAME")
        configuration.errorRate = try rate(
            "sentry.sample.rate", "SENTRY_SAMPLE_RATE", default: configuration.errorRate)
        configuration.transactionRate = try rate(
            "sentry.traces.sample.rate", "SENTRY_TRACES_SAMPLE_RATE", default: configuration.transactionRate)
        configuration.tags = ["engine": store.engine.rawValue]
        configuration.unsampledRoutes = ["/api/v1/health", "/metrics"]
        self.configuration = configuration
    }
}
