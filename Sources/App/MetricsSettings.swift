import Configuration
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import WebAPI

/// Where metrics are to be had without a token, and when Redis holds too much.
struct MetricsSettings: Sendable {
    let host: String
    /// `nil` for no port of their own.
    let port: Int?
    let redisAlertBytes: Int?

    /// - Parameters:
    ///   - reader: its keys are
    ///     - `metrics.port`; port 0 takes a free one; `metrics.host` (default `127.0.0.1`)
    ///     - `alert.redis.bytes`
    ///   - number: reads the number under a key, with the name of its variable and the range that it must be in.
    /// - Throws: what `number` throws.
    init(reader: ConfigReader, number: (ConfigKey, String, ClosedRange<Int>) throws -> Int) throws {
        func optional(_ key: ConfigKey, _ name: String, in range: ClosedRange<Int>) throws -> Int? {
            reader.string(forKey: key) == nil ? nil : try number(key, name, range)
        }
        host = reader.string(forKey: "metrics.host", default: "127.0.0.1")
        port = try optional("metrics.port", "METRICS_PORT", in: 0...65535)
        redisAlertBytes = try optional("alert.redis.bytes", "ALERT_REDIS_BYTES", in: 1...1 << 50)
    }
}

/// The server of metrics on a port of its own, if there is to be one.
func metricsService(_ api: APIServices, settings: Settings, logger: Logger) -> [any Service] {
    guard let port = settings.metrics.port else { return [] }
    let host = settings.metrics.host
    let application = Application(
        router: api.makeMetricsRouter(),
        configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
        onServerRunning: { channel in
            let port = channel.localAddress?.port ?? port
            logger.info("metrics are served", metadata: ["address": "http://\(host):\(port)/metrics"])
        },
        logger: logger)
    return [MetricsServer(serve: application.run, address: "\(host):\(port)")]
}

private struct MetricsServer: Service {
    let serve: @Sendable () async throws -> Void
    let address: String

    /// - Throws: ``Failure`` (`unavailable`) if the address can't be listened on.
    func run() async throws {
        do {
            try await serve()
        } catch let error as IOError {
            throw Failure(.unavailable, "cannot listen on \(address): \(error.reason(variable: "METRICS_PORT"))")
        }
    }
}
