import Synchronization

/// When each version of each key was committed, as the writers saw it: what readers' answers are judged by.
///
/// A commit is noted after it returned, so it had happened by then: an answer is never accused wrongly.
final class CommitLog: Sendable {
    private let commits: [Commits]

    private final class Commits: Sendable {
        let times = Mutex<[ContinuousClock.Instant]>([.now])
    }

    init(keys: Int) { commits = (0..<keys).map { _ in Commits() } }

    /// The version that the next write of a key makes. Version 0 is there from the start. A key has one writer.
    func nextVersion(of key: Int) -> Int { commits[key].times.withLock(\.count) }

    func committed(_ key: Int) { commits[key].times.withLock { $0.append(.now) } }

    func newest(of key: Int) -> Int { commits[key].times.withLock { $0.count - 1 } }

    /// For how long, at a time, the version after this one had been committed; `nil` if it was not.
    func staleness(of version: Int, key: Int, at time: ContinuousClock.Instant) -> Duration? {
        commits[key].times.withLock { times in
            guard version + 1 < times.count, times[version + 1] < time else { return nil }
            return times[version + 1].duration(to: time)
        }
    }
}
