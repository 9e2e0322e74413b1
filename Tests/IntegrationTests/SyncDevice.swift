import Synchronization
import TestSupport

/// A device of a user that works offline: it keeps what it knows and a cursor, queues what its user does, and exchanges the
/// two over a network that loses.
///
/// When the server refuses a change because of a conflict, the device takes the server's record and wants its own change
/// again, as a new mutation.
actor SyncDevice {
    /// What a user wants, apart from the mutation that asks for it.
    enum Wish: Sendable {
        /// A word more at the end of a bookmark's note, which is made if it is not there.
        case append(String)
        case put(Members)
        case patch(Members)
        case delete
    }

    private struct Queued {
        let mutation: ClientMutation
        let wish: Wish
    }

    nonisolated let name: String
    private let network: LossyNetwork
    private let story: Story
    private var random: SplitMix
    /// What the server had, as far as the device was told.
    private(set) var mirror: [ClientRecord.Key: ClientRecord] = [:]
    /// What it reads anew when it starts over; it takes the mirror's place when nothing is missing any more.
    private var fresh: [ClientRecord.Key: ClientRecord]?
    /// The newest version of each record that the device was told.
    private var newest: [ClientRecord.Key: Int] = [:]
    private var cursor: String?
    private var queue: [Queued] = []
    private var made = 0
    /// The mutations that the server said were made, in the order of its answers.
    private(set) var acknowledged: [ClientMutation] = []
    /// What records must be in the end that nobody else changes.
    private(set) var expected: [ClientRecord.Key: Members] = [:]
    /// The words that were appended, each to be found once.
    private(set) var appended: [String] = []
    /// Records that nobody makes again, and that are to be gone.
    private(set) var buried: Set<ClientRecord.Key> = []
    /// How often in a row it had to start over.
    private var restarts = 0

    init(name: String, network: LossyNetwork, story: Story, seed: UInt64) {
        self.name = name
        self.network = network
        self.story = story
        random = SplitMix(seed: seed)
    }

    var isDone: Bool { queue.isEmpty }

    // MARK: What the user does

    /// Makes a few changes, without asking anyone.
    func edit() {
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1: editOwn()
            case 2:
                let word = "\(name)w\(appended.count)"
                appended.append(word)
                want(.append(word), of: Self.counter)
            case 3:
                let key = ClientRecord.Key(.position, name)
                let ayah = Members(["ayah": "2:\(Int.random(in: 1...286, using: &random))"])
                expected[key] = ayah
                want(.put(ayah), of: key, isBlind: Bool.random(using: &random))
            case 4, 5: editDoomed()
            default: editShared()
            }
        }
    }

    static let counter = ClientRecord.Key(.bookmark, "counter")

    /// A bookmark of the device alone: made once, changed often, deleted never.
    private func editOwn() {
        let own = expected.keys.filter { $0.kind == .bookmark }.sorted { $0.id < $1.id }
        let isBlind = Int.random(in: 0..<4, using: &random) == 0
        if let key = own.randomElement(using: &random), Int.random(in: 0..<3, using: &random) > 0 {
            let patch: Members =
                switch Int.random(in: 0..<3, using: &random) {
                case 0: ["note": text()]
                case 1: ["colour": Bool.random(using: &random) ? "#0a0b0c" : nil]
                default: ["collection": Bool.random(using: &random) ? "s0" : nil, "note": text()]
                }
            expected[key] = expected[key]?.patched(with: patch)
            want(.patch(patch), of: key, isBlind: isBlind)
        } else {
            let key = ClientRecord.Key(.bookmark, "own-\(name)-\(own.count)")
            let members: Members = ["from": "2:255", "note": text()]
            expected[key] = Self.complete(members, of: .bookmark)
            want(.put(members), of: key)
        }
    }

    /// A bookmark that any device may delete, and that nobody makes again.
    private func editDoomed() {
        let doomed = (Array(mirror.keys) + queue.map(\.mutation.key))
            .filter { $0.id.hasPrefix("doomed") && view(of: $0) != nil }
        guard let key = Set(doomed).sorted(by: { $0.id < $1.id }).randomElement(using: &random) else {
            return want(.put(["from": "1:1", "note": text()]), of: .init(.bookmark, "doomed-\(name)-\(made)"))
        }
        let isBlind = Bool.random(using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: want(.put(["from": "1:1", "note": text()]), of: .init(.bookmark, "doomed-\(name)-\(made)"))
        case 1: want(.patch(["note": text()]), of: key, isBlind: isBlind)
        default: want(.delete, of: key, isBlind: isBlind)
        }
    }

    /// One of the few records that all devices fight for.
    private func editShared() {
        let kind = Bool.random(using: &random) ? ClientRecord.Kind.bookmark : .collection
        let key = ClientRecord.Key(kind, "s\(Int.random(in: 0..<4, using: &random))")
        let text = text()
        let isBlind = Int.random(in: 0..<3, using: &random) == 0
        let patch: Members = kind == .bookmark ? ["note": text] : ["name": text]
        guard view(of: key) != nil else {
            return want(.put(kind == .bookmark ? ["from": "3:1", "to": "3:9", "note": text] : patch), of: key)
        }
        switch Int.random(in: 0..<5, using: &random) {
        case 0: want(.delete, of: key, isBlind: isBlind)
        case 1: want(.put(kind == .bookmark ? ["from": "4:1", "note": text] : patch), of: key, isBlind: isBlind)
        default: want(.patch(patch), of: key, isBlind: isBlind)
        }
    }

    /// Names the mutation that comes next, with what equal comparison of texts would not tell apart behind it.
    private func text() -> String {
        let odd = ["e\u{301}", "\u{E9}", "\u{202E}\u{627}", "\u{1F600}", "\"\\/", "\u{FEFF}", "\u{64E}\u{651}"]
        return "\(nextID) \(odd.randomElement(using: &random) ?? "")"
    }

    private var nextID: String { "\(name)-m\(made)" }

    /// - Parameter isBlind: whether the last one wins; else nothing is overwritten unseen.
    private func want(_ wish: Wish, of key: ClientRecord.Key, isBlind: Bool = false) {
        let before = view(of: key)
        let change: ClientMutation.Change
        switch wish {
        case .append(let word):
            if let note = before?["note"] {
                change = .patch(["note": "\(note) \(word)"])
            } else {
                change = .put(["from": "1:1", "note": word])
            }
        case .put(let members): change = .put(members)
        case .patch(let members): change = .patch(members)
        case .delete: change = .delete
        }
        let base: ClientMutation.Base
        if isBlind {
            base = .none
        } else if let last = queue.last(where: { $0.mutation.key == key }) {
            base = .mutation(last.mutation.id)
        } else {
            base = .version(mirror[key]?.version ?? 0)
        }
        let mutation = ClientMutation(nextID, change, key, base: base)
        made += 1
        queue.append(Queued(mutation: mutation, wish: wish))
        story.tell(key, "\(name) wants \(mutation.id) \(change) on \(base)")
    }

    /// A record as the user of the device sees it: what is queued is done.
    private func view(of key: ClientRecord.Key) -> Members? {
        queue.filter { $0.mutation.key == key }.reduce(mirror[key]?.members) { members, queued in
            switch queued.mutation.change {
            case .put(let members): Self.complete(members, of: key.kind)
            case .patch(let patch): members?.patched(with: patch)
            case .delete: nil
            }
        }
    }

    /// With the members that stand in every record of the kind.
    private static func complete(_ members: Members, of kind: ClientRecord.Kind) -> Members {
        var members = members
        for name in kind.members where members[name] == nil { members[name] = name == "to" ? members["from"] : nil }
        return members
    }

    // MARK: Exchanging

    /// Sends a part of what is queued, and asks for what changed.
    func exchange() async throws {
        if Int.random(in: 0..<4, using: &random) > 0 { try await push(Int.random(in: 1...6, using: &random)) }
        if Int.random(in: 0..<4, using: &random) > 0 {
            for _ in 0..<Int.random(in: 1...3, using: &random)
            where try await pull(Int.random(in: 1...5, using: &random)) { break }
        }
    }

    /// Sends and asks until there is nothing more to tell on either side, over a network that works.
    func finish() async throws {
        while !queue.isEmpty { try await push(20) }
        while try await !pull(Int.random(in: 3...20, using: &random)) {}
    }

    private func push(_ count: Int) async throws {
        let batch = Array(queue.prefix(count))
        guard !batch.isEmpty, let results = try await network.mutate(batch.map(\.mutation), by: name) else { return }
        guard results.map(\.id) == batch.map(\.mutation.id) else {
            return story.fail(nil, "\(name): results of \(results.map(\.id)) for \(batch.map(\.mutation.id))")
        }
        queue.removeFirst(batch.count)
        var refused: [Queued] = []
        for (queued, result) in zip(batch, results) {
            let mutation = queued.mutation
            story.tell(
                mutation.key,
                "\(name) hears \(mutation.id) \(result.status) \(result.reason ?? "") \(told(result.record))")
            learn(mutation.key, result.record)
            if result.status == "already_applied" { story.note(.repeated) }
            if result.isMade {
                acknowledged.append(mutation)
                if case .delete = queued.wish, mutation.key.id.hasPrefix("doomed") { buried.insert(mutation.key) }
            } else {
                story.note(.refused)
                judge(result, of: mutation)
                refused.append(queued)
            }
        }
        // What was queued upon a change that is not made can't be made either.
        var dead = Set(refused.map(\.mutation.id))
        for queued in queue {
            guard case .mutation(let base) = queued.mutation.base, dead.contains(base) else { continue }
            dead.insert(queued.mutation.id)
            refused.append(queued)
        }
        queue.removeAll { dead.contains($0.mutation.id) }
        for queued in refused { wantAgain(queued) }
    }

    /// Whether a change could be refused.
    private func judge(_ result: UserClient.Result, of mutation: ClientMutation) {
        if expected[mutation.key] != nil {
            story.fail(mutation.key, "\(name): \(mutation.id), with which nothing conflicts, is refused: \(result)")
        }
        // The document leaves open what a patch of nothing is called.
        let isBlindPatch = if case .patch = mutation.change, mutation.base == .none { true } else { false }
        guard result.status == "refused", result.reason == "conflict" || isBlindPatch && result.record?.members == nil
        else { return story.fail(mutation.key, "\(name): \(mutation.id) is \(result)") }
    }

    private func wantAgain(_ queued: Queued) {
        let key = queued.mutation.key
        switch queued.wish {
        case .append: want(queued.wish, of: key)
        // Nobody makes these again.
        case .put where key.id.hasPrefix("doomed"): story.fail(key, "\(name): \(queued.mutation.id) is refused")
        case .put: want(queued.wish, of: key)
        // Who deleted it won.
        case .patch: if view(of: key) != nil { want(queued.wish, of: key) }
        case .delete:
            if view(of: key) != nil {
                want(queued.wish, of: key)
            } else if key.id.hasPrefix("doomed") {
                buried.insert(key)
            }
        }
    }

    /// - Returns: whether there is nothing more.
    private func pull(_ limit: Int) async throws -> Bool {
        let answer: LossyNetwork.Answer<UserClient.Changes?>? = try await network.changes(
            since: cursor, limit: limit, by: name)
        guard let answer else { return true }
        guard let changes = answer.value else {
            story.tell(nil, "\(name) starts over")
            story.note(.startedOver)
            restarts += 1
            guard cursor != nil, restarts < 20 else { throw TestFailure("\(name) can't start over: 410 again") }
            cursor = nil
            fresh = [:]
            return false
        }
        if changes.records.count > limit { story.fail(nil, "\(name): more than \(limit) changes") }
        if Set(changes.records.map(\.key)).count < changes.records.count {
            story.fail(nil, "\(name): a record is told twice in \(changes.records.map(\.key))")
        }
        for record in changes.records {
            story.tell(record.key, "\(name) reads \(told(record))")
            learn(record.key, record)
        }
        cursor = changes.cursor
        if changes.hasMore { story.note(.partial) }
        if !changes.hasMore, let fresh {
            mirror = fresh
            self.fresh = nil
            restarts = 0
        }
        return !changes.hasMore
    }

    private func learn(_ key: ClientRecord.Key, _ record: ClientRecord?) {
        if let record {
            if record.key != key { story.fail(key, "\(name): told of \(record.key) instead") }
            if record.version < newest[key] ?? 0 {
                story.fail(key, "\(name): knew version \(newest[key] ?? 0), and is told \(record.version)")
            }
            newest[key] = record.version
        }
        let there = record?.members == nil ? nil : record
        mirror[key] = there
        fresh?[key] = there
    }

    private func told(_ record: ClientRecord?) -> String {
        guard let record else { return "nothing" }
        return "\(record.version): \(record.members.map { "\($0)" } ?? "deleted")"
    }
}

/// What happened in a run, for whoever has to find out why something is wrong.
final class Story: Sendable {
    private let lines = Mutex<[(key: ClientRecord.Key?, text: String)]>([])
    private let failures = Mutex<[(key: ClientRecord.Key?, text: String)]>([])
    private let sights = Mutex<Set<Sight>>([])

    /// What has to happen in a run, or else it shows nothing.
    enum Sight: CaseIterable {
        case repeated, refused, partial, startedOver
    }

    func note(_ sight: Sight) { sights.withLock { _ = $0.insert(sight) } }

    var missing: [Sight] { sights.withLock { seen in Sight.allCases.filter { !seen.contains($0) } } }

    func tell(_ key: ClientRecord.Key?, _ text: String) { lines.withLock { $0.append((key, "\(text)")) } }

    func fail(_ key: ClientRecord.Key?, _ text: String) {
        tell(key, "WRONG: \(text)")
        failures.withLock { $0.append((key, text)) }
    }

    /// What was wrong, and all that happened to the first record which it was; `nil` if nothing was.
    var report: String? {
        let failures = failures.withLock { $0 }
        guard !failures.isEmpty else { return nil }
        let key = failures.compactMap(\.key).first
        let told = lines.withLock { $0.filter { key == nil || $0.key == key || $0.key == nil } }.map {
            "  \($0.key?.description ?? "-"): \($0.text)"
        }
        return
            (failures.prefix(20).map { String($0.text.prefix(400)) } + ["the story of \(key?.description ?? "it"):"]
            + told.suffix(400)).joined(separator: "\n")
    }
}
