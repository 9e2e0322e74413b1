import Foundation
import Storage
import TestSupport
import Testing

/// Devices of one user that change the same things offline, over a network that loses, doubles and reorders, against two
/// instances on one store: nothing is lost, nothing is done twice, and all agree in the end.
@Suite struct `Devices that work offline` {
    @Test(arguments: DatabaseEngine.allCases, 1...3 as ClosedRange<UInt64>)
    func `agree in the end, and have lost nothing and doubled nothing`(
        engine: DatabaseEngine, seed: UInt64
    ) async throws {
        try await TwoInstances.run(engine) { instances in
            let simulation = try await SyncSimulation(instances, seed: seed)
            do {
                try await simulation.run(rounds: 40)
            } catch {
                simulation.story.fail(nil, "\(error)")
            }
            if let report = simulation.story.report { Issue.record("seed \(seed): \(report)") }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `read everything in small pages, whatever deletions are forgotten`(engine: DatabaseEngine) async throws {
        try await TwoInstances.run(engine) { instances in
            let client = try await instances.clients(of: "new-device")[0]
            let keys = (0..<5).map { ClientRecord.Key(.bookmark, "b\($0)") }
            for key in keys + [.init(.bookmark, "gone")] { try await client.put(key, ["from": "1:1"]) }
            try await client.send(.delete, "me/bookmarks/gone")
            try await instances.forgetDeletions()
            var told: [ClientRecord.Key] = []
            var cursor: String?
            repeat {
                let page = try #require(try await client.changes(since: cursor, limit: 2), "410 after \(told)")
                told += page.records.map(\.key)
                cursor = page.hasMore ? page.cursor : nil
            } while cursor != nil
            #expect(told == keys)
            // What was told, and is deleted and forgotten before the next page, can't be told: all has to be read again.
            let first = try #require(try await client.changes(since: nil, limit: 2))
            try await client.send(.delete, "me/bookmarks/b0")
            try await instances.forgetDeletions()
            #expect(try await client.changes(since: first.cursor, limit: 2) == nil)
            #expect(try await Set(client.everything().keys) == Set(keys.dropFirst()))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `are answered the same when they send again what changed nothing`(engine: DatabaseEngine) async throws {
        try await TwoInstances.run(engine) { instances in
            let client = try await instances.clients(of: "twice")[0]
            let key = ClientRecord.Key(.bookmark, "b")
            let deletion = ClientMutation("m1", .delete, key)
            #expect(try await client.mutate([deletion])[0].status == "already_applied")
            let made = try await client.put(key, ["from": "1:1"])
            #expect(try await client.mutate([deletion])[0].status == "already_applied")
            #expect(try await client.record(key) == made)
            let other = ClientMutation("m1", .put(["from": "1:2"]), key)
            #expect(try await client.mutate([other])[0].reason == "reused")
        }
    }
}

/// A seeded run of several devices.
struct SyncSimulation {
    let story = Story()
    private let instances: TwoInstances
    private let clients: [UserClient]
    private let networks: [LossyNetwork]
    private let devices: [SyncDevice]
    private let seed: UInt64

    init(_ instances: TwoInstances, devices count: Int = 5, seed: UInt64) async throws {
        self.instances = instances
        clients = try await instances.clients(of: "simulated-\(seed)")
        let (clients, story) = (clients, story)
        networks = (0..<count).map {
            LossyNetwork(instances: clients, story: story, seed: seed &* 1000 &+ UInt64($0))
        }
        devices = networks.enumerated().map { number, network in
            SyncDevice(name: "d\(number)", network: network, story: story, seed: seed &* 2000 &+ UInt64(number))
        }
        self.seed = seed
    }

    func run(rounds: Int) async throws {
        var random = SplitMix(seed: seed)
        for round in 1...rounds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (device, network) in zip(devices, networks) {
                    group.addTask {
                        await device.edit()
                        try await device.exchange()
                    }
                    if Bool.random(using: &random) { group.addTask { try await network.deliver() } }
                }
                try await group.waitForAll()
            }
            if round % 9 == 0 {
                story.tell(nil, "deletions are forgotten")
                try await instances.forgetDeletions()
            }
        }
        for network in networks { try await network.deliver(all: true) }
        try await settle()
        let settled = try await clients[0].export()
        try await check(settled)
        try await repeatAll(settled, random: &random)
    }

    /// Lets all exchange over a network that works, until nobody has anything new.
    private func settle() async throws {
        for network in networks { await network.mend() }
        for _ in 0..<20 {
            for device in devices { try await device.finish() }
            var mirrors: [[ClientRecord.Key: ClientRecord]] = []
            for device in devices {
                guard await device.isDone else { break }
                mirrors.append(await device.mirror)
            }
            if mirrors.count == devices.count, Set(mirrors.map { $0.values.map(\.version).max() }).count == 1 { return }
        }
        story.fail(nil, "not quiet after 20 rounds")
    }

    private func check(_ settled: [ClientRecord.Key: ClientRecord]) async throws {
        for device in devices { await compare(device.mirror, with: settled, what: device.name) }
        for client in clients {
            try await compare(client.export(), with: settled, what: "export")
            try await compare(client.everything(), with: settled, what: "sync from the start")
            for kind in ClientRecord.Kind.allCases {
                let newestFirst = settled.values.filter { $0.key.kind == kind }.sorted { $0.version > $1.version }
                try await eventually("the list of \(kind) is right", within: .seconds(2)) {
                    try await client.list(kind, perPage: 7) == newestFirst
                }
            }
        }
        var texts: Set<[UInt8]> = []
        for device in devices {
            for mutation in await device.acknowledged { if let text = mutation.text { texts.insert(Array(text.utf8)) } }
            for (key, members) in await device.expected where settled[key]?.members != members {
                story.fail(key, "\(key) is \(String(describing: settled[key])) instead of \(members)")
            }
            for key in await device.buried where settled[key] != nil { story.fail(key, "\(key) has risen") }
        }
        // What is there was asked for by a mutation that its device knows to be made.
        for (key, record) in settled where key.kind != .position && key != SyncDevice.counter {
            let text = record.members?["note"] ?? record.members?["name"] ?? ""
            if !texts.contains(Array(text.utf8)) {
                story.fail(key, "\(key) says \(text), which no device knows to be made")
            }
        }
        try await checkCounter(settled[SyncDevice.counter])
        if !story.missing.isEmpty { story.fail(nil, "never happened, so the run shows nothing: \(story.missing)") }
    }

    /// Every word that was appended stands in it once.
    private func checkCounter(_ counter: ClientRecord?) async throws {
        let words = (counter?.members?["note"] ?? "").split(separator: " ").map(String.init)
        let counts = Dictionary(words.map { ($0, 1) }, uniquingKeysWith: +)
        var wanted: Set<String> = []
        for device in devices { wanted.formUnion(await device.appended) }
        if wanted.isEmpty { story.fail(SyncDevice.counter, "nothing was appended: the run shows nothing") }
        for word in wanted.subtracting(counts.keys) { story.fail(SyncDevice.counter, "\(word) is lost") }
        for (word, count) in counts where count > 1 || !wanted.contains(word) {
            story.fail(SyncDevice.counter, "\(word) stands \(count) times")
        }
    }

    private func compare(
        _ records: [ClientRecord.Key: ClientRecord], with settled: [ClientRecord.Key: ClientRecord], what: String
    ) {
        for key in Set(records.keys).union(settled.keys) where records[key] != settled[key] {
            story.fail(
                key, "\(what): \(String(describing: records[key])) instead of \(String(describing: settled[key]))")
        }
    }

    /// Sends everything that was made once more, in any order: nothing happens.
    private func repeatAll(_ settled: [ClientRecord.Key: ClientRecord], random: inout SplitMix) async throws {
        var mutations: [ClientMutation] = []
        for device in devices { mutations += await device.acknowledged }
        mutations.shuffle(using: &random)
        for start in stride(from: 0, to: mutations.count, by: 100) {
            let batch = Array(mutations[start..<min(start + 100, mutations.count)])
            let results = try await clients[0].mutate(batch)
            for (mutation, result) in zip(batch, results) where result.status != "already_applied" {
                story.fail(mutation.key, "\(mutation.id), sent again, is \(result)")
            }
        }
        try await compare(clients[0].export(), with: settled, what: "after everything was sent again")
    }
}

extension ClientMutation {
    /// The text that it gives to the record.
    fileprivate var text: String? {
        switch change {
        case .put(let members), .patch(let members): members["note"] ?? members["name"]
        case .delete: nil
        }
    }
}
