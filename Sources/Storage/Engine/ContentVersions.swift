public import Quran

/// The name under which the store counts the changes of something: `surah:2`, `translation:en.pickthall`, `reciters`.
///
/// The triggers in `migrations/` write the same names.
public struct ContentTag: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let description: String

    fileprivate init(_ name: String) { description = name }

    public static func surah(_ number: SurahNumber) -> Self { Self("surah:\(number)") }
    public static let surahs = Self("surahs")
    /// Divisions and sajdas.
    public static let structure = Self("structure")
    public static func edition(_ kind: Edition.Kind, _ id: EditionID) -> Self { Self("\(kind.rawValue):\(id)") }
    public static let editions = Self("editions")
    public static func reciter(_ id: ReciterID) -> Self { Self("reciter:\(id)") }
    public static let reciters = Self("reciters")
    /// What belongs to one user.
    public static func user(_ user: UserHash) -> Self { Self("user:\(user)") }
    /// Everything: raised by hand, or when the store's history went back.
    public static let all = Self("all")
    /// Everything that a namespace of the cache holds.
    public static func namespace(_ name: String) -> Self { Self("namespace:\(name)") }

    public static func < (a: Self, b: Self) -> Bool { a.description < b.description }
}

/// The versions of some tags, as the session sees them; 0 for one that nothing was ever written of.
public func contentVersions(of tags: [ContentTag], _ sql: any SQLReader) throws -> [ContentTag: Int64] {
    var versions: [ContentTag: Int64] = [:]
    for tag in tags { versions[tag] = 0 }
    try sql.forEach("SELECT tag, version FROM content_versions WHERE tag IN \(list: tags.map(\.description))") { row in
        versions[ContentTag(try row.text(0))] = try row.integer(1)
    }
    return versions
}

/// Something read from the store, with the versions of all that it was made of, from the same snapshot.
public struct Snapshot<Value: Sendable>: Sendable {
    public let value: Value
    /// A tag that has no row yet counts as version 0.
    public let versions: [ContentTag: Int64]
    /// Where in the store's history the snapshot was taken, as ``ContentChanges/position`` counts.
    public let position: Int64
    /// When anything of that changed last, in seconds since 1970, by the clock of whoever wrote (SQLite) or of the server; 0 if
    /// nothing ever did.
    public let changedAt: Int64
}

/// A read in progress that remembers what it touched. Repositories read through it and say what they read.
public final class ContentReader {
    let sql: any SQLReader
    private(set) var tags: Set<ContentTag> = []

    public init(_ sql: any SQLReader) { self.sql = sql }

    /// Called by a repository for every thing that its answer depends on, found or not.
    public func touch(_ tag: ContentTag) { tags.insert(tag) }

    /// Says that an answer is made of divisions or sajdas that were read before.
    public func dependsOnStructure() { touch(.structure) }

    /// Whether the store was ever filled.
    public func isSeeded() throws -> Bool {
        try sql.first("SELECT count(*) FROM seeds") { try $0.bool(0) } ?? false
    }
}

extension Database {
    /// Reads content and the versions of what it was made of in one snapshot.
    public func snapshot<Value: Sendable>(
        deadline: Duration = Self.requestDeadline, _ body: @escaping @Sendable (ContentReader) throws -> Value
    ) async throws -> Snapshot<Value> {
        try await read(deadline: deadline) { [engine] sql in
            let reader = ContentReader(sql)
            let value = try body(reader)
            var versions: [ContentTag: Int64] = [:]
            for tag in reader.tags { versions[tag] = 0 }
            let byName = Dictionary(uniqueKeysWithValues: reader.tags.map { ($0.description, $0) })
            let names = byName.keys.sorted()
            var (position, changedAt) = (Int64(0), Int64(0))
            try sql.forEach(
                """
                SELECT here.position, tag, version, changed_at
                FROM (\(engine.hereQuery)) AS here LEFT JOIN content_versions
                    ON tag IN \(list: names) OR tag >= 'store:' AND tag < 'store;'
                """
            ) { row in
                position = try row.integer(0)
                guard !row.isNull(1) else { return }
                let name = try row.text(1)
                // The store's own tag is on everything that was read from it.
                versions[byName[name] ?? ContentTag(name)] = try row.integer(2)
                changedAt = max(changedAt, try row.integer(3))
            }
            return Snapshot(value: value, versions: versions, position: position, changedAt: changedAt)
        }
    }
}
