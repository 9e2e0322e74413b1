internal import DequeModule
internal import NIOCore

/// The commands of one connection whose replies are outstanding, in the order of sending.
///
/// It says what is to be done and does nothing itself. A `Ticket` stands for whoever waits for one or several replies.
struct CommandQueue<Ticket>: ~Copyable {
    /// What a reply means.
    enum Received {
        case answer(Ticket, RedisValue)
        case answers(Ticket, [RedisValue])
        /// More replies are to come for the same ticket, or it was given up.
        case nothing
        /// Nothing was asked.
        case unexpected
    }

    /// Someone to be told that it failed, with the replies that had come.
    typealias Failed = (ticket: Ticket, replies: [RedisValue])

    /// What the passing of time means.
    struct Expiry {
        var expired: [Failed] = []
        /// The server owes a reply for so long that the connection is worth nothing.
        var connectionIsLost = false
        /// When to ask again; nil while nothing is outstanding.
        var next: NIODeadline?
    }

    /// Commands and bytes that no longer wait.
    struct Released {
        var commands = 0
        var bytes = 0
    }

    private struct Entry {
        /// Nil once given up: the replies still come, and in order.
        var ticket: Ticket?
        let expected: Int
        var received = 0
        var replies: [RedisValue] = []
        let bytes: Int
        let deadline: NIODeadline
        let lostAt: NIODeadline
    }

    private var entries: Deque<Entry> = []
    private var released = Released()
    private var live = 0

    /// Whether nobody waits. Replies may be outstanding still.
    var isIdle: Bool { live == 0 }

    mutating func append(_ ticket: Ticket, expecting count: Int, bytes: Int, deadline: NIODeadline, lostAt: NIODeadline)
    {
        entries.append(Entry(ticket: ticket, expected: count, bytes: bytes, deadline: deadline, lostAt: lostAt))
        live += 1
    }

    mutating func receive(_ reply: RedisValue) -> Received {
        guard !entries.isEmpty else { return .unexpected }
        released.commands += 1
        let expected = entries[0].expected
        if expected > 1 {
            entries[0].received += 1
            if entries[0].ticket != nil { entries[0].replies.append(reply) }
            guard entries[0].received == expected else { return .nothing }
        }
        let entry = entries.removeFirst()
        released.bytes += entry.bytes
        guard let ticket = entry.ticket else { return .nothing }
        live -= 1
        return expected > 1 ? .answers(ticket, entry.replies) : .answer(ticket, reply)
    }

    mutating func expire(at now: NIODeadline) -> Expiry {
        var expiry = Expiry()
        guard let oldest = entries.first else { return expiry }
        expiry.connectionIsLost = oldest.lostAt <= now
        var next = oldest.lostAt
        for index in entries.indices {
            guard let ticket = entries[index].ticket else { continue }
            if entries[index].deadline <= now {
                expiry.expired.append((ticket, entries[index].replies))
                entries[index].ticket = nil
                entries[index].replies = []
                live -= 1
            } else {
                next = min(next, entries[index].deadline)
            }
        }
        expiry.next = next
        return expiry
    }

    /// Gives up everything: the connection is gone.
    mutating func removeAll() -> [Failed] {
        let failed = entries.compactMap { entry in entry.ticket.map { Failed($0, entry.replies) } }
        entries.removeAll()
        live = 0
        return failed
    }

    /// What has been released since the last call.
    mutating func takeReleased() -> Released {
        defer { released = Released() }
        return released
    }
}
