import Foundation
import HummingbirdCore
import Logging
import Redis
import WebAPI

extension LimitSettings {
    /// Makes an API decide by these settings which requests it answers.
    ///
    /// - Parameter redis: what instances share; `nil` for one that is alone.
    func apply(to api: inout APIServices, redis: RedisClient?, logger: Logger) {
        let clients = ClientAddresses(proxies: proxies, header: forwardingHeader, logger: logger)
        api.admission = Admission(requests, clients: clients, redis: redis, logger: logger)
        api.cors = cors
        api.clientLogging = clientLogging
    }

    /// The server of connections that are held to these settings, as far as the process may open files.
    ///
    /// - Parameter lane: answers what is cached, if it is to.
    func server(clients: ClientAddresses, lane: HitLane?, logger: Logger) -> HTTPServerBuilder {
        var limits = connections
        if let files = Self.raisedFileLimit(), limits.connections > files - Self.ownFiles {
            limits.connections = max(1, files - Self.ownFiles)
            logger.log(
                level: limits.connections > 1 ? .info : .warning,
                "connections are bounded by the process's limit of open files",
                metadata: ["connections": "\(limits.connections)", "files": "\(files)"])
        }
        let table = ConnectionTable(limits, clients: clients, logger: logger)
        return HTTPServerBuilder { [limits] responder in
            LimitedChannel(limits, table: table, lane: lane, responder: responder)
        }
    }

    /// What the program itself may have open: the database, Redis, files, and those that it asks.
    private static let ownFiles = 256

    /// Raises the number of files that the process may open to the most that it may have.
    ///
    /// - Returns: how many that are; `nil` if the system does not say.
    private static func raisedFileLimit() -> Int? {
        #if os(Linux)
            let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let files = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return nil }
        let soft = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        if setrlimit(files, &limit) != 0 { limit.rlim_cur = soft }
        return Int(clamping: limit.rlim_cur)
    }
}
