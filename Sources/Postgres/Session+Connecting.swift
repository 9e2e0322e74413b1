internal import CLibpq
internal import Logging

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#elseif canImport(Darwin)
    private import Darwin
#endif

extension Session {
    /// Connects within the configuration's time.
    /// - Parameter stopping: Asked after each wake-up; true ends the attempt with `.shutDown`.
    static func connect(
        _ configuration: PostgresConfiguration, waking wakeUp: WakeUp, logger: Logger, at site: CallSite,
        stopping: () -> Bool
    ) throws(PostgresError) -> Session {
        let limit = ContinuousClock.now + configuration.connectTimeout
        // What follows dbname overrides what the URL says; fallback_… gives way to it and to the environment.
        var parameters = [("fallback_application_name", "swift-postgres"), ("dbname", configuration.url)]
        parameters.append(("client_encoding", "UTF8"))
        if let name = configuration.applicationName { parameters.append(("application_name", name)) }
        guard let connection = unsafe start(parameters) else {
            throw PostgresError(.connectionFailed, "out of memory", at: site)
        }
        // From here on the session finishes the connection, also when connecting fails.
        let session = unsafe Session(connection, configuration, waking: wakeUp, logger: logger)
        // Verbose messages carry the SQLSTATE, which libpq doesn't give in any other way while it connects.
        _ = unsafe PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        try session.finishConnecting(until: limit, at: site, stopping: stopping)
        _ = unsafe PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
        guard unsafe PQsetnonblocking(connection, 1) == 0 else {
            throw PostgresError(.connectionFailed, "libpq can't switch to non-blocking", at: site)
        }
        return session
    }

    /// `PQconnectStartParams`, which parses `dbname` as a URL.
    private static func start(_ parameters: [(String, String)]) -> OpaquePointer? {
        let texts = parameters.map { (Array($0.0.utf8CString), Array($0.1.utf8CString)) }
        var keywords: [UnsafePointer<CChar>?] = unsafe []
        var values: [UnsafePointer<CChar>?] = unsafe []
        func withPointers(_ index: Int) -> OpaquePointer? {
            guard index < texts.count else {
                unsafe keywords.append(nil)
                unsafe values.append(nil)
                return unsafe PQconnectStartParams(keywords, values, 1)
            }
            return unsafe texts[index].0.withUnsafeBufferPointer { keyword in
                unsafe texts[index].1.withUnsafeBufferPointer { value in
                    unsafe keywords.append(keyword.baseAddress)
                    unsafe values.append(value.baseAddress)
                    return unsafe withPointers(index + 1)
                }
            }
        }
        return unsafe withPointers(0)
    }

    private func finishConnecting(
        until limit: ContinuousClock.Instant, at site: CallSite, stopping: () -> Bool
    ) throws(PostgresError) {
        guard unsafe PQstatus(connection) != CONNECTION_BAD else { throw refusal(at: site) }
        var status = PGRES_POLLING_WRITING
        while status != PGRES_POLLING_OK {
            if stopping() { throw PostgresError(.shutDown, "the pool has shut down", at: site) }
            let events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT
            switch unsafe wait(socket: PQsocket(connection), for: events, until: limit, wakes: true) {
            case .timedOut:
                throw PostgresError(
                    .connectionFailed, "no connection within \(configuration.connectTimeout): \(configuration)",
                    at: site)
            case .wokenUp: continue
            case .socket: status = unsafe PQconnectPoll(connection)
            }
            if status == PGRES_POLLING_FAILED { throw refusal(at: site) }
        }
    }

    /// Why connecting failed: libpq's message without the password, and the SQLSTATE if the server gave one.
    private func refusal(at site: CallSite) -> PostgresError {
        let verbose = unsafe PQerrorMessage(connection).map { unsafe String(cString: $0) } ?? ""
        let (message, sqlState) = Self.splitVerbose(verbose)
        let isAuthentication =
            unsafe sqlState?.hasPrefix("28") == true
            || (sqlState == nil && PQconnectionNeedsPassword(connection) == 1)
        return PostgresError(
            isAuthentication ? .authenticationFailed : .connectionFailed, configuration.redact(message),
            sqlState: sqlState, at: site)
    }

    /// Takes `FATAL:  28P01: …` and the `LOCATION:` line out of libpq's verbose messages; with several hosts the last
    /// SQLSTATE counts.
    static func splitVerbose(_ verbose: String) -> (message: String, sqlState: String?) {
        var sqlState: String?
        var lines: [String] = []
        for line in verbose.split(separator: "\n") where !line.hasPrefix("LOCATION:") {
            let parts = line.split(separator: ":", omittingEmptySubsequences: false)
            // The severity is in the server's language; the two spaces and five characters are not.
            let place = parts.firstIndex { part in
                part.utf8.count == 7 && part.hasPrefix("  ")
                    && part.utf8.dropFirst(2).allSatisfy { 0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 }
            }
            guard let place, place > 0, place + 1 < parts.count else {
                lines.append(String(line))
                continue
            }
            sqlState = String(parts[place].dropFirst(2))
            lines.append(parts[..<place].joined(separator: ":") + ": " + parts[(place + 1)...].joined(separator: ":"))
        }
        return (lines.joined(separator: "; "), sqlState)
    }
}
