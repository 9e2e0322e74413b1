import Quran
import Storage
import Synchronization
import TestSupport
import Testing

@Suite struct `A snapshot` {
    /// What was written, in the writer's own words.
    private final class Writer: Sendable {
        let versions: Mutex<[String: Int64]>
        let isDone = Mutex(false)

        init(name: String, version: Int64) { versions = Mutex([name: version]) }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `holds data and versions that belong together, whatever is written meanwhile`(
        engine: DatabaseEngine
    ) async throws {
        let surah = try #require(SurahNumber(2))
        try await TestDatabase.with(engine) { store in
            try await SmallRows.insert(store)
            let before = try await store.versions()
            let writer = Writer(name: "e", version: Int64(before["surah:2"] ?? 0))
            let seen = try await withThrowingTaskGroup(of: [(String, Int64)].self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        var pairs: [(String, Int64)] = []
                        while !writer.isDone.withLock({ $0 }) {
                            let snapshot = try await store.database.snapshot(deadline: .seconds(60)) { reader in
                                try StructureRepository(reader).surah(surah)
                            }
                            pairs.append((snapshot.value?.nameEnglish ?? "", snapshot.versions[.surah(surah)] ?? -1))
                        }
                        return pairs
                    }
                }
                for number in 1...150 {
                    let name = "name \(number)"
                    let version = try await store.database.write(deadline: .seconds(60)) { sql in
                        try sql.execute("UPDATE surahs SET name_english = \(name) WHERE number = 2")
                        return try sql.first("SELECT version FROM content_versions WHERE tag = 'surah:2'") {
                            try $0.integer(0)
                        }
                    }
                    writer.versions.withLock { $0[name] = version }
                }
                writer.isDone.withLock { $0 = true }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let versions = writer.versions.withLock { $0 }
            #expect(Set(versions.values).count == 151)
            #expect(Set(seen.map(\.0)).count > 5, "the readers saw the writer at work")
            let torn = seen.filter { versions[$0.0] != $0.1 }
            #expect(torn.isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `is taken once, before what is written while it reads`(engine: DatabaseEngine) async throws {
        let surah = try #require(SurahNumber(2))
        try await TestDatabase.with(engine) { store in
            try await SmallRows.insert(store)
            let before = try await store.versions()
            let snapshot = try await store.database.snapshot(deadline: .seconds(60)) { reader in
                let first = try StructureRepository(reader).surah(surah)
                try store.shellNow("UPDATE surahs SET name_english = 'changed' WHERE number = 2")
                return [first, try StructureRepository(reader).surah(surah)].map { $0?.nameEnglish }
            }
            #expect(snapshot.value == ["e", "e"])
            #expect(ownTags(snapshot) == [.surah(surah): Int64(before["surah:2"] ?? -1)])
            #expect(try await store.versions()["surah:2"] == (before["surah:2"] ?? 0) + 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `counts a touched tag without a row as version 0`(engine: DatabaseEngine) async throws {
        let (surah, edition, reciter) = (
            try #require(SurahNumber(114)), try #require(EditionID("nobody")), try #require(ReciterID("nobody"))
        )
        try await TestDatabase.with(engine) { store in
            let snapshot = try await store.database.snapshot { reader in
                reader.dependsOnStructure()
                return [
                    try StructureRepository(reader).surah(surah) == nil,
                    try StructureRepository(reader).surahs().isEmpty,
                    try EditionRepository(reader).edition(edition, kind: .tafsir) == nil,
                    try EditionRepository(reader).editions().isEmpty,
                    try ReciterRepository(reader).reciter(reciter) == nil,
                    try ReciterRepository(reader).reciters().isEmpty,
                    try !reader.isSeeded(),
                ]
            }
            #expect(snapshot.value.allSatisfy { $0 })
            let zero: [ContentTag: Int64] = [
                .structure: 0, .surah(surah): 0, .surahs: 0, .edition(.tafsir, edition): 0, .editions: 0,
                .reciter(reciter): 0, .reciters: 0,
            ]
            #expect(ownTags(snapshot) == zero)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `that touches nothing has no versions`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            let snapshot = try await store.database.snapshot { _ in 1 }
            #expect(ownTags(snapshot).isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `names its tags as the triggers do`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine, holding: .small) { store throws in
            let seedData = SmallContent.shared.seedData
            var tags: [ContentTag] = [.surahs, .structure, .editions, .reciters]
            tags += SurahNumber.all.map { .surah($0) }
            tags += seedData.catalogue.map { .edition($0.edition.kind, $0.edition.id) }
            tags += seedData.reciters.map { .reciter($0.id) }
            #expect(Set(tags.map(\.description)) == Set(try await store.versions().keys))
        }
    }
}

/// What was read and said so; a snapshot carries the tag of its store besides.
private func ownTags(_ snapshot: Snapshot<some Sendable>) -> [ContentTag: Int64] {
    #expect(snapshot.versions.keys.count { $0.description.hasPrefix("store:") } == 1)
    return snapshot.versions.filter { !$0.key.description.hasPrefix("store:") }
}
