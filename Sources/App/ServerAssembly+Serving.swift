import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

extension ServerAssembly {
    /// Serves until a signal asks for the end: first the server stops, after the requests in flight, then the database.
    ///
    /// - Throws: ``Failure`` (`unavailable`) if the address can't be listened on.
    func serve() async throws {
        let application = application { [settings, logger] port in
            let host = settings.host == "0.0.0.0" || settings.host == "::" ? "localhost" : settings.host
            let base = "http://\(host):\(port)"
            logger.info("listening", metadata: ["address": "\(base)", "store": "\(settings.databaseURL)"])
            // Not print, which holds its text back where standard output is no terminal.
            write(
                """
                Listening on \(base)
                  curl '\(base)/api/v1/surahs/1?translations=en.pickthall'
                  curl '\(base)/api/v1/ayahs/2:255'

                """, to: 1)
        }
        var configuration = ServiceGroupConfiguration(
            services: [application] + metricsService(api, settings: settings, logger: logger),
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError {
            throw Failure(
                .unavailable, "cannot listen on \(settings.host):\(settings.port): \(error.reason(variable: "PORT"))")
        }
        logger.info("stopped")
    }
}

extension IOError {
    /// What the system calls the error.
    ///
    /// - Parameter variable: the one that names the port.
    func reason(variable: String) -> String {
        switch errnoCode {
        case 98: "the port is in use; choose another with \(variable)"
        case 13: "permission denied"
        default: description
        }
    }
}
