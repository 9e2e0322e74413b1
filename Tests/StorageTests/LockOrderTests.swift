import Quran
import Storage
import Synchronization
import TestSupport
import Testing

/// What a server with many writers does when they want the same rows.
@Suite struct `Writers in each other's way` {
    /// What changes the text of an edition.
    enum Change: String, Sendable, CaseIterable {
        case ayah, draft, removal

        func make(to edition: Edition, structure: QuranStructure, _ sql: any SQLWriter) throws {
            switch self {
            case .ayah:
                let key = structure.key(of: AyahRange.all.first)
                try AyahState.change(AyahOfEdition(edition.id, key), as: Edit(.update, by: "editor"), sql) { _ in
                    AyahState("another")
                }
            case .draft:
                let text = PublishedText(ayahs: Array(repeating: "another", count: AyahNumber.count), notice: nil)
                let number = try DraftRepository.add(
                    text, file: "another.txt", to: edition, by: "editor", structure: structure, sql)
                let draft = try #require(try DraftRepository.draft(number, sql))
                try DraftRepository.publish(draft, by: "editor", sql)
            case .removal: try TextState.change(edition.id, as: Edit(.rollback, by: "editor"), sql) { _ in nil }
            }
        }
    }

    @Test(arguments: Change.allCases)
    func `a change of a text and an announcement of it wait for each other, and neither is undone`(
        change: Change
    ) async throws {
        let content = try SmallContent()
        try await TestDatabase.with(.postgres) { store in
            try await content.seed(store)
            let edition = try #require(content.seedData.catalogue.map(\.edition).first { $0.kind == .translation })
            let runs = Mutex(0)
            let (begun, continuation) = AsyncStream.makeStream(of: Void.self)
            let announcement = Task {
                try await store.database.write(deadline: .seconds(20)) { sql in
                    try DatabaseEngine.postgres.raiseVersions(of: [.editions], sql)
                    continuation.finish()
                    // Goes on when the other waits for this transaction.
                    let waiting: SQL = """
                        SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted
                            AND transactionid::text = pg_current_xact_id()::text
                        """
                    while try sql.first(waiting, { try $0.int(0) }) == 0 {}
                    try DatabaseEngine.postgres.raiseVersions(of: [.edition(edition.kind, edition.id)], sql)
                }
            }
            for await _ in begun {}
            try await store.database.writeExclusively(deadline: .seconds(20)) { [structure = content.structure] sql in
                runs.withLock { $0 += 1 }
                try change.make(to: edition, structure: structure, sql)
            }
            try await announcement.value
            #expect(runs.withLock(\.self) == 1)
        }
    }

    /// A deadlock, and a failure to serialise.
    @Test(arguments: ["40P01", "40001"])
    func `a write that the server takes back is tried once more, and then may be later`(state: String) async throws {
        let takeBack = "DO $$ BEGIN RAISE EXCEPTION 'taken back' USING ERRCODE = '\(state)'; END $$"
        try await TestDatabase.with(.postgres, holding: .nothing) { store in
            try await store.shell("CREATE TABLE runs (number integer PRIMARY KEY)")
            let runs = Mutex(0)
            @Sendable func run(_ sql: any SQLWriter) throws -> Int {
                let run = runs.withLock { runs in
                    runs += 1
                    return runs
                }
                try sql.execute("INSERT INTO runs (number) VALUES (\(run))")
                return run
            }
            try await store.database.write { sql in
                if try run(sql) == 1 { try sql.execute(script: takeBack) }
            }
            #expect(try await store.shell("SELECT number FROM runs") == "2")
            let error = await #expect(throws: StorageError.self) {
                try await store.database.write { sql in
                    _ = try run(sql)
                    try sql.execute(script: takeBack)
                }
            }
            #expect(error?.code == .aborted && error?.isTransient == true)
            #expect(runs.withLock(\.self) == 4)
            #expect(try await store.shell("SELECT number FROM runs") == "2")
        }
    }
}
