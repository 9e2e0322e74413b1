import Crypto

/// What is sent to Sentry, and as whose.
public struct SentryConfiguration: Sendable {
    public let dsn: SentryDSN
    /// The program and its version: `quran-backend@1.2.3`.
    public let release: String
    public var environment = "production"
    /// The name of the machine; `nil` to leave it out.
    public var serverName: String?
    /// Which part of the errors is sent, 0…1.
    public var errorRate = 1.0
    /// Which part of the requests is sent as transactions, 0…1.
    public var transactionRate = 0.01
    /// What every event and transaction is marked with.
    public var tags: [String: String] = [:]
    /// Routes that are asked by machines, every few seconds: they are no transactions.
    public var unsampledRoutes: Set<String> = []

    public init(dsn: SentryDSN, release: String) {
        self.dsn = dsn
        self.release = release
    }

    /// The lot that a trace draws, 0..<1: what is below a rate is sent.
    ///
    /// All that know the DSN draw alike, so that a trace is whole or not there. Clients can't aim: what they say of sampling
    /// is not heard, and which of the ids that they might choose draw low is known by the DSN's key alone.
    func lot(of traceID: String) -> Double {
        let digest = SHA256.hash(data: Array("\(dsn.publicKey)\n\(traceID)".utf8))
        let bits = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Double(bits >> 11) / 0x1p53
    }

    func isSampled(_ traceID: String) -> Bool { lot(of: traceID) < transactionRate }
}
