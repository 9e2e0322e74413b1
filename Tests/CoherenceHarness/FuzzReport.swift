/// What a run of the coherence fuzz saw.
public struct FuzzReport: Sendable, CustomStringConvertible {
    public var reads = 0
    public var writes = 0
    /// Answers labelled fresh.
    public var fresh = 0
    /// Answers labelled stale.
    public var labelledStale = 0
    public var failedReads = 0
    public var failedWrites = 0
    /// Answers labelled fresh that missed a commit, however young.
    public var freshButBehind = 0
    /// Answers labelled fresh that missed a commit older than the bound: what must never be.
    public var violations = 0
    /// The oldest commit that an answer labelled fresh missed.
    public var worstLag = Duration.zero
    /// Changes that who made them through an instance did not read there, in an answer labelled fresh.
    public var lostOwnWrites = 0
    /// How long after each fault's end all instances had fresh answers for all keys, and shared again what they share.
    public var recoveries: [Recovery] = []
    /// Keys that were still wrong in some instance when all was quiet again.
    public var wrongAfterwards = 0
    public var seconds = 0.0

    public struct Recovery: Sendable {
        public let fault: String
        public let time: Duration
    }

    public init() {}

    mutating func add(_ other: FuzzReport) {
        reads += other.reads
        writes += other.writes
        failedWrites += other.failedWrites
        lostOwnWrites += other.lostOwnWrites
        recoveries += other.recoveries
        fresh += other.fresh
        labelledStale += other.labelledStale
        failedReads += other.failedReads
        freshButBehind += other.freshButBehind
        violations += other.violations
        worstLag = max(worstLag, other.worstLag)
    }

    public var description: String {
        let share = { (part: Int) in "\(Double(Int(Double(part) / Double(max(1, self.reads)) * 100_000)) / 1000) %" }
        return """
            \(reads) reads, \(writes) writes in \(Int(seconds)) s; \(fresh) labelled fresh, \(labelledStale) stale, \
            \(failedReads) failed; behind a commit: \(freshButBehind) (\(share(freshButBehind))), behind one older than \
            the bound: \(violations) (\(share(violations))), worst \(Int(worstLag / .milliseconds(1))) ms; \
            wrong afterwards: \(wrongAfterwards); own writes not read: \(lostOwnWrites); failed writes: \(failedWrites)
            """ + recoveries.map { "\n  \($0.fault): recovered in \(Int($0.time / .milliseconds(1))) ms" }.joined()
    }
}
