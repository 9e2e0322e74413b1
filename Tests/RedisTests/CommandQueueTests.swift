import NIOCore
import Testing

@testable import Redis

@Suite struct `The queue of commands` {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func `gives replies to those who asked, in order`() {
        var queue = CommandQueue<Int>()
        add(1, to: &queue)
        add(2, count: 2, to: &queue)
        add(3, to: &queue)
        #expect(describe(queue.receive(.integer(10))) == "1: 10")
        #expect(describe(queue.receive(.integer(20))) == "nothing")
        #expect(describe(queue.receive(.integer(21))) == "2: 20 21")
        expectIdle(queue, false)
        #expect(describe(queue.receive(.integer(30))) == "3: 30")
        expectIdle(queue)
        #expect(describe(queue.receive(.integer(40))) == "unexpected")
        let released = queue.takeReleased()
        #expect(released.commands == 4 && released.bytes == 30)
    }

    @Test func `lets those whose time has passed go and discards what comes for them`() {
        var queue = CommandQueue<Int>()
        add(1, timeout: 50, to: &queue)
        add(2, count: 2, timeout: 20, to: &queue)
        add(3, timeout: 80, to: &queue)
        #expect(queue.expire(at: start + .milliseconds(19)).next == start + .milliseconds(20))
        _ = queue.receive(.integer(10))
        _ = queue.receive(.integer(20))
        let expiry = queue.expire(at: start + .milliseconds(20))
        #expect(expiry.expired.map(\.ticket) == [2])
        #expect(expiry.expired.first?.replies == [.integer(20)])
        #expect(expiry.next == start + .milliseconds(80))
        #expect(!expiry.connectionIsLost)
        #expect(describe(queue.receive(.integer(21))) == "nothing")
        #expect(describe(queue.receive(.integer(30))) == "3: 30")
        #expect(queue.expire(at: start + .seconds(100)).next == nil)
    }

    @Test func `says when the connection is lost, by its oldest command`() {
        var queue = CommandQueue<Int>()
        add(1, timeout: 50, to: &queue)
        add(2, timeout: 5000, to: &queue)
        let first = queue.expire(at: start + .milliseconds(50))
        #expect(first.next == start + .seconds(1))
        expectIdle(queue, false)
        #expect(queue.expire(at: start + .milliseconds(999)).connectionIsLost == false)
        #expect(queue.expire(at: start + .seconds(1)).connectionIsLost)
        #expect(queue.removeAll().map(\.ticket) == [2])
        expectIdle(queue)
    }

    @Test func `waits between attempts grow to the maximum, from the upper half`() {
        var backoff = Backoff(base: .milliseconds(50), maximum: .milliseconds(150))
        #expect(backoff.wait(random: 0) == .milliseconds(25))
        #expect(backoff.wait(random: 1) == .milliseconds(100))
        #expect(backoff.wait(random: 0.5) == .microseconds(112_500))
        #expect(backoff.wait(random: 1) == .milliseconds(150))
        backoff.reset()
        #expect(backoff.wait(random: 1) == .milliseconds(50))
    }

    private func add(_ ticket: Int, count: Int = 1, timeout: Int64 = 50, to queue: inout CommandQueue<Int>) {
        queue.append(
            ticket, expecting: count, bytes: 10, deadline: start + .milliseconds(timeout),
            lostAt: start + .milliseconds(max(1000, timeout * 10)))
    }

    /// As an expectation can't look into what isn't copyable.
    private func expectIdle(_ queue: borrowing CommandQueue<Int>, _ expected: Bool = true) {
        let isIdle = queue.isIdle
        #expect(isIdle == expected)
    }

    private func describe(_ received: CommandQueue<Int>.Received) -> String {
        func number(_ value: RedisValue) -> String {
            if case .integer(let number) = value { "\(number)" } else { "?" }
        }
        return switch received {
        case .answer(let ticket, let value): "\(ticket): \(number(value))"
        case .answers(let ticket, let values): "\(ticket): \(values.map(number).joined(separator: " "))"
        case .nothing: "nothing"
        case .unexpected: "unexpected"
        }
    }
}
