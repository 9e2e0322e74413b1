import Foundation
import Quran
import Storage
import TestSupport
import Testing

@Suite struct `What users made` {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    /// What the numbers of a user's changes count from.
    private static let start = Int64(1_800_000_000_000)

    private func user(_ digit: Character = "a") throws -> UserHash {
        try #require(UserHash(String(repeating: digit, count: 32)))
    }

    private func id(_ name: String) throws -> RecordID { try #require(RecordID(name)) }

    private func put(
        _ name: String, _ content: String?, if condition: UserMutation.Condition = .any, named mutation: String? = nil
    ) throws -> UserMutation {
        UserMutation(.bookmark, try id(name), content.map { .put($0) } ?? .delete, if: condition, name: mutation)
    }

    @discardableResult
    private func apply(
        _ mutations: [UserMutation], of user: UserHash, at now: Date = Self.now, in store: TestDatabase
    ) async throws -> [UserMutationOutcome] {
        try await store.database.write { try UserRecordRepository.apply(mutations, of: user, at: now, $0) }
    }

    private func changes(
        of user: UserHash, after version: Int64, limit: Int = 100, in store: TestDatabase
    ) async throws -> UserRecordRepository.Changes? {
        try await store.database.read {
            try UserRecordRepository.changes(of: user, after: version, limit: limit, $0)
        }
    }

    private func list(of user: UserHash, in store: TestDatabase) async throws -> Snapshot<[UserRecord]> {
        try await store.database.snapshot { try UserRecordRepository.records(of: user, kind: .bookmark, $0) }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a record is made, changed and deleted, and every change has a number of its own`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { store in
            let user = try user()
            let content = #"{"note":"\u0000 é e\u0301 ۞"}"#
            let outcomes = try await apply(
                [put("a", content), put("b", "{}"), put("a", #"{"note":"2"}"#), put("b", nil)], of: user, in: store)
            let records = outcomes.compactMap(\.applied)
            #expect(records.map { $0.version - Self.start } == [1, 2, 3, 4])
            #expect(records[0].content.utf8.elementsEqual(content.utf8))
            #expect(records[3].isDeleted && records[3].content == "{}")
            let later = Self.now.addingTimeInterval(3600)
            let again = try await apply([put("b", "{\"again\":1}")], of: user, at: later, in: store)[0].applied
            #expect(again?.version == Self.start + 5 && again?.createdAt == "2027-01-15T09:00:00.000Z")
            let list = try await list(of: user, in: store)
            #expect(list.value.map(\.id.name) == ["b", "a"])
            #expect(list.value[1].createdAt == "2027-01-15T08:00:00.000Z")
            #expect(try await self.list(of: self.user("b"), in: store).value == [])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a change is only made to what its author knew`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            let user = try user()
            // There is nothing, or it was deleted.
            for round in 0..<2 {
                #expect(try await apply([put("a", "{}", if: .present)], of: user, in: store)[0].isConflict)
                #expect(
                    try await apply([put("a", "{}", if: .version([Self.start + 1]))], of: user, in: store)[0].isConflict
                )
                let made = try await apply([put("a", "{}", if: .absent)], of: user, in: store)[0].applied
                let version = try #require(made?.version)
                let other = try await apply([put("a", "{\"n\":1}", if: .absent)], of: user, in: store)
                #expect(other[0].said == Said(what: "conflict", record: made))
                let again = try await apply([put("a", "{}", if: .absent)], of: user, in: store)
                #expect(again[0].said == Said(what: "repeated", record: made))
                let old = try put("a", nil, if: .version([version - 1]))
                #expect(try await apply([old], of: user, in: store)[0].said == Said(what: "conflict", record: made))
                if round == 0 { #expect(try await list(of: user, in: store).value.count == 1) }
                let gone = try await apply([put("a", nil, if: .version([version]))], of: user, in: store)[0].applied
                #expect(gone?.isDeleted == true)
                #expect(
                    try await apply([put("a", nil)], of: user, in: store)[0].said
                        == Said(what: "repeated", record: gone))
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `what was asked for under a name is made once, and the name means nothing else`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { store in
            let user = try user()
            let create = try put("a", "{\"n\":1}", if: .absent, named: "m1")
            let made = try #require(try await apply([create], of: user, in: store)[0].applied)
            #expect(
                try await apply([create, create], of: user, in: store).map(\.said)
                    == Array(repeating: Said(what: "repeated", record: made), count: 2))
            #expect(
                try await apply([put("a", "{\"n\":2}", named: "m1")], of: user, in: store)[0].said
                    == Said(what: "name taken"))
            #expect(
                try await apply([put("b", "{\"n\":1}", if: .absent, named: "m1")], of: user, in: store)[0].said
                    == Said(what: "name taken"))
            // Another user's names are their own.
            #expect(try await apply([create], of: self.user("b"), in: store)[0].applied != nil)
            // The record as it is now, not as it was then.
            let changed = try #require(try await apply([put("a", "{\"n\":3}")], of: user, in: store)[0].applied)
            #expect(try await apply([create], of: user, in: store)[0].said == Said(what: "repeated", record: changed))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `changes that build on one another are made in a row, or none after the first that is not`(
        engine: DatabaseEngine
    ) async throws {
        struct Unfit: Error {}
        try await TestDatabase.with(engine) { store in
            let user = try user()
            let bookmark = try id("a")
            func change(_ name: String, after base: String, asked: String = "!") -> UserMutation {
                let revision = UserMutation.Change.revise(asked: asked) { old in
                    if asked == "?" { throw Unfit() }
                    return old + asked
                }
                return UserMutation(.bookmark, bookmark, revision, if: .mutation(base), name: name)
            }
            let chain = [
                try put("a", "1", if: .absent, named: "m1"), change("m2", after: "m1"), change("m3", after: "m2"),
            ]
            for round in 0..<2 {
                let outcomes = try await apply(chain, of: user, in: store).map(\.said)
                #expect(
                    outcomes.map(\.what)
                        == (round == 0 ? ["made", "changed", "changed"] : ["repeated", "repeated", "repeated"]))
                #expect(outcomes.last?.record?.content == "1!!")
            }
            let late = [change("m4", after: "m1"), change("m5", after: "m4"), change("m6", after: "m3", asked: "?")]
            #expect(try await apply(late, of: user, in: store).map(\.said.what) == ["conflict", "conflict", "Unfit()"])
            // Deleted by a mutation, made again upon it.
            let again = [
                UserMutation(.bookmark, bookmark, .delete, if: .mutation("m3"), name: "m7"),
                UserMutation(.bookmark, bookmark, .put("2"), if: .mutation("m7"), name: "m8"),
            ]
            #expect(try await apply(again, of: user, in: store).map(\.said.what) == ["changed", "made"])
            #expect(try await apply([change("m9", after: "m1")], of: self.user("b"), in: store)[0].isConflict)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `changes are told in their order, deletions too, in parts that join without a gap`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { store in
            let user = try user()
            #expect(try await changes(of: user, after: 0, in: store)?.records == [])
            #expect(try await changes(of: user, after: Self.start, in: store) == nil)
            try await apply((0..<10).map { try put("\($0)", "{}") }, of: user, in: store)
            try await apply([put("3", nil), put("0", "{\"n\":1}")], of: user, in: store)
            var (known, seen, more) = (Int64(0), [UserRecord](), true)
            while more {
                let part = try #require(try await changes(of: user, after: known, limit: 4, in: store))
                #expect(part.records.count <= 4 && part.version == Self.start + 12)
                seen += part.records
                known = part.records.last?.version ?? known
                more = part.isPartial
            }
            #expect(seen.map(\.id.name) == ["1", "2", "4", "5", "6", "7", "8", "9", "3", "0"])
            #expect(seen[8].isDeleted && !seen[9].isDeleted)
            #expect(try await changes(of: user, after: Self.start + 12, in: store)?.records == [])
            #expect(try await changes(of: user, after: Self.start + 13, in: store) == nil)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `who was away for longer than deletions are remembered has to read everything again`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { store in
            @Sendable func days(_ days: Double) -> Date { Self.now.addingTimeInterval(days * 86400) }
            let (user, other) = (try user(), try self.user("b"))
            for user in [user, other] {
                try await apply([put("a", "{}", named: "m"), put("b", "{}")], of: user, at: days(0), in: store)
            }
            try await apply([put("a", nil)], of: user, at: days(1), in: store)
            try await apply([put("c", "{}")], of: user, at: days(150), in: store)
            for more in [true, false] {
                #expect(
                    try await store.database.write { try UserRecordRepository.forget(before: days(60), $0) } == more)
            }
            #expect(try await changes(of: user, after: Self.start + 2, in: store) == nil)
            #expect(try await changes(of: user, after: Self.start + 3, in: store)?.records.map(\.id.name) == ["c"])
            #expect(try await changes(of: user, after: 0, in: store)?.records.map(\.id.name) == ["b", "c"])
            #expect(try await changes(of: other, after: Self.start + 1, in: store)?.records.map(\.id.name) == ["b"])
            // Its number goes on: no device takes the new one for the old one.
            let again = try await apply([put("a", "{}", named: "m")], of: user, in: store)[0].applied
            #expect(again?.version == Self.start + 5)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `all of a user's data is removed at once, and devices learn of it`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            let (user, other) = (try user(), try self.user("b"))
            try await apply([put("a", "{}"), put("b", "{}")], of: user, in: store)
            try await apply([put("a", "{}")], of: other, in: store)
            let before = try await list(of: user, in: store)
            try await store.database.write { try UserRecordRepository.removeAll(of: user, at: Self.now, $0) }
            #expect(try await changes(of: user, after: Self.start + 2, in: store) == nil)
            let after = try await list(of: user, in: store)
            #expect(after.value == [])
            let tag = try #require(after.versions.keys.first { $0.description.hasPrefix("user:") })
            #expect(try #require(after.versions[tag]) > #require(before.versions[tag]))
            // What comes later is counted on, so that no device takes it for what it knew.
            let again = try await apply([put("a", "{}")], of: user, in: store)[0].applied
            #expect(try #require(again).version > Self.start + 2)
            #expect(try await changes(of: user, after: Self.start + 2, in: store) == nil)
            #expect(try await list(of: other, in: store).value.count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `whoever deletes everything while another device writes first leaves no half of it`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { store in
            for round in 0..<40 {
                let user = try #require(UserHash(String(repeating: "0", count: 29) + String(100 + round)))
                async let written = apply([put("a", "{}")], of: user, in: store)
                async let removed: Void = store.database.write {
                    try UserRecordRepository.removeAll(of: user, at: Self.now, $0)
                }
                let version = try #require(try await written[0].applied).version
                try await removed
                // Whichever came first: the record is there, or devices are told to start over.
                let isThere = try await list(of: user, in: store).value.count == 1
                let changes = try await changes(of: user, after: version, in: store)
                #expect(isThere ? changes?.records == [] : changes == nil)
                let counted = try await store.database.read { sql in
                    try sql.first("SELECT record_count FROM user_states WHERE user_hash = \(user.description)") {
                        try $0.int(0)
                    }
                }
                #expect(counted == (isThere ? 1 : 0))
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `no version is used again after everything was deleted, however fast it was made`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { store in
            let user = try user()
            try await apply((0..<100).map { try put("\($0)", "{}") }, of: user, in: store)
            try await store.database.write { try UserRecordRepository.removeAll(of: user, at: Self.now, $0) }
            let again = try await apply([put("a", "{}")], of: user, in: store)[0].applied
            #expect(try #require(again).version > Self.start + 100)
            #expect(try await changes(of: user, after: Self.start + 100, in: store) == nil)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `what is remembered of one user has limits, and whoever needs more starts over`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { store in
            let user = try user()
            let (deletions, names) = (UserRecordRepository.deletionLimit, UserRecordRepository.nameLimit)
            // Written by hand, so that it does not take minutes.
            try await store.database.write(deadline: .seconds(60)) { sql in
                _ = try UserRecordRepository.apply([try put("a", "{}")], of: user, at: Self.now, sql)
                for start in stride(from: 2, to: deletions + 1001, by: 500) {
                    let rows = (start..<start + 500).map { number -> [SQLValue] in
                        [
                            .text(user.description), .text("bookmark"), .text("d\(number)"),
                            .integer(Self.start + Int64(number)), .text("x"), .text("x"), .integer(1), .text("{}"),
                        ]
                    }
                    try sql.execute(
                        """
                        INSERT INTO user_records (user_hash, kind, id, version, created_at, updated_at, is_deleted, content)
                        VALUES \(rows: rows)
                        """)
                }
                for start in stride(from: 0, to: names + 500, by: 500) {
                    let rows = (start..<start + 500).map { number -> [SQLValue] in
                        let time = String(number + 1_000_000)
                        return [.text(user.description), .text("n\(number)"), .text("x"), .integer(0), .text(time)]
                    }
                    try sql.execute(
                        "INSERT INTO user_mutations (user_hash, id, digest, version, applied_at) VALUES \(rows: rows)")
                }
                try sql.execute("UPDATE user_states SET version = \(Int(Self.start) + deletions + 1999)")
            }
            try await apply([put("b", "{}", named: "newest")], of: user, in: store)
            let left = try await store.database.read { sql in
                (
                    deletions: try sql.first("SELECT count(*) FROM user_records WHERE is_deleted = 1") {
                        try $0.int(0)
                    },
                    names: try sql.first("SELECT count(*) FROM user_mutations") { try $0.int(0) }
                )
            }
            #expect(left.deletions == deletions && left.names == names + 1)
            #expect(try await changes(of: user, after: Self.start + 2, in: store) == nil)
            let all = try #require(try await changes(of: user, after: 0, limit: 20_000, in: store))
            #expect(all.records.filter { !$0.isDeleted }.map(\.id.name) == ["a", "b"])
            #expect(try await apply([put("b", "{}", named: "newest")], of: user, in: store)[0].said.what == "repeated")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a user has no more records than are allowed, and may make room`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            let user = try user()
            let limit = UserRecordRepository.recordLimit
            let all = try (0..<limit + 1).map { try put("\($0)", "{}") }
            let outcomes = try await store.database.write(deadline: .seconds(60)) {
                try UserRecordRepository.apply(all, of: user, at: Self.now, $0)
            }
            #expect(outcomes.dropLast().allSatisfy { $0.applied != nil })
            #expect(outcomes.last?.said.what == "full")
            let more = try await apply(
                [put("0", "{\"n\":1}"), put("1", nil), put("new", "{}"), put("newer", "{}")], of: user, in: store)
            #expect(more[0].applied != nil && more[2].applied != nil && more[3].said.what == "full")
        }
    }

    /// What offline-first clients rely on: a number that they saw covers everything before it.
    @Test(arguments: DatabaseEngine.allCases)
    func `many writers of one user: no number twice, and a reader that follows misses nothing`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine) { store in
            let user = try user()
            let replica = try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<6 {
                    group.addTask {
                        for round in 0..<25 {
                            let name = "\(Int.random(in: 0..<8))"
                            let content = round % 5 == 4 ? nil : "{\"by\":\(writer),\"round\":\(round)}"
                            _ = try await store.database.write(deadline: .seconds(60)) { [self] in
                                try UserRecordRepository.apply(
                                    [put(name, content)], of: user, at: Self.now, $0)
                            }
                        }
                    }
                }
                var (replica, known, isDone) = ([String: UserRecord](), Int64(0), false)
                func follow() async throws {
                    let part = try #require(try await changes(of: user, after: known, limit: 5, in: store))
                    for record in part.records {
                        #expect(record.version > known)
                        replica[record.id.name] = record
                        known = record.version
                    }
                    isDone = !part.isPartial
                }
                for _ in 0..<200 { try await follow() }
                try await group.waitForAll()
                repeat { try await follow() } while !isDone
                return replica
            }
            let list = try await list(of: user, in: store).value
            let live = replica.values.filter { !$0.isDeleted }.sorted { $0.version > $1.version }
            #expect(live == list)
        }
    }
}

extension UserMutationOutcome {
    fileprivate var applied: UserRecord? { if case .applied(let record, isNew: _) = self { record } else { nil } }
    fileprivate var isConflict: Bool { if case .conflict = self { true } else { false } }

    /// What happened, and to which record.
    fileprivate var said: Said {
        switch self {
        case .applied(let record, let isNew): Said(what: isNew ? "made" : "changed", record: record)
        case .repeated(let record): Said(what: "repeated", record: record)
        case .conflict(let record): Said(what: "conflict", record: record)
        case .nameTaken: Said(what: "name taken", record: nil)
        case .full: Said(what: "full", record: nil)
        case .invalid(let error): Said(what: "\(error)", record: nil)
        }
    }
}

private struct Said: Equatable {
    let what: String
    var record: UserRecord?
}
