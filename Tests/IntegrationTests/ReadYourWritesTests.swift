import Foundation
import Storage
import TestSupport
import Testing

/// Who wrote reads what they wrote, wherever they ask.
@Suite struct `Users who write` {
    @Test(arguments: DatabaseEngine.allCases)
    func `read it where they wrote at once, and elsewhere within a second`(engine: DatabaseEngine) async throws {
        try await TwoInstances.run(engine) { instances in
            let clients = try await instances.clients(of: "reader")
            var lags: [Duration] = []
            var late = 0
            // Without Redis the other one learns of it when it polls.
            let count = engine == .postgres ? 200 : 40
            for number in 0..<count {
                let (here, there) = (clients[number % 2], clients[(number + 1) % 2])
                // Both have the list in memory: what is read next is not loaded anyway.
                for client in clients { _ = try await client.list(.bookmark) }
                let written = try await here.put(
                    .init(.bookmark, "b\(number % 50)"), ["from": "2:255", "note": "\(number)"])
                let acknowledged = ContinuousClock.now
                #expect(try await here.list(.bookmark).first == written)
                #expect(try await here.record(written.key) == written)
                while try await there.list(.bookmark).first != written {
                    late += 1
                    if acknowledged.duration(to: .now) > .seconds(10) { break }
                }
                lags.append(acknowledged.duration(to: .now))
                #expect(try await there.record(written.key) == written)
            }
            lags.sort()
            let milliseconds = { (lag: Duration) in "\(Int(lag / .milliseconds(1))) ms" }
            print(
                """
                own writes read at another instance, \(engine): median \(milliseconds(lags[count / 2])), \
                p99 \(milliseconds(lags[count * 99 / 100])), worst \(milliseconds(lags[count - 1])), read before \(late) times
                """)
            #expect(lags[count - 1] < .seconds(1))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `read at every instance what was changed by hand in SQL`(engine: DatabaseEngine) async throws {
        try await TwoInstances.run(engine) { instances in
            let clients = try await instances.clients(of: "reader")
            let written = try await clients[0].put(.init(.bookmark, "b"), ["from": "2:255", "note": "before"])
            for client in clients {
                try await eventually("the bookmark is listed") { try await client.list(.bookmark) == [written] }
            }
            try await instances.store.shell(
                "UPDATE user_records SET content = replace(content, 'before', 'by hand') WHERE id = 'b'")
            let changed = ContinuousClock.now
            for client in clients {
                try await eventually("the change is seen", within: .seconds(5)) {
                    try await client.list(.bookmark).first?.members?["note"] == "by hand"
                }
                #expect(try await client.record(written.key)?.members?["note"] == "by hand")
            }
            print("a change by hand, \(engine): seen by both after \(changed.duration(to: .now) / .milliseconds(1)) ms")
        }
    }
}
