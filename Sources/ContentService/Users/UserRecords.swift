import Caching
public import Foundation
package import JSON
public import Quran
package import Storage

/// What users made, as they ask for it and change it. Reads go through the cache, each user under keys of their own.
public struct UserRecords: Sendable {
    private let system: ContentSystem

    /// How long deletions, and the names of changes, are remembered.
    public static let memory = Duration.seconds(90 * 86400)
    private var namespace: CacheNamespace { system.service.namespaces.user }

    public init(_ system: ContentSystem) { self.system = system }

    private var structure: QuranStructure { system.service.structure }

    // MARK: Reading

    /// `{"bookmarks": […], "pagination": {…}}`, the last changed first; so for the other kinds.
    package func list(
        _ kind: UserRecord.Kind, of user: UserHash, in collection: RecordID? = nil, page request: PageRequest
    ) async throws -> ContentService.Answer {
        let filter = collection.map { "collection=\($0)" } ?? ""
        return try await system.service.answer(
            namespace, "\(user):\(kind.pluralName)", options: filter, request.keySuffix,
            holdingWritesOf: [.user(user)]
        ) { reader in
            var records = try UserRecordRepository.records(of: user, kind: kind, reader)
            if let collection {
                records = try records.filter { record in
                    try RecordContent.stored(record.content)["collection"]?.isString(collection.name) ?? false
                }
            }
            return (records, try Page(request, of: records.count))
        } write: { loaded, json in
            let (records, page) = loaded
            json.key(kind.pluralName)
            try json.array(records[page.rows]) { json, record in try record.write(to: &json) }
            page.write(to: &json)
        }
    }

    /// `{"bookmark": {…}}`, whose validator is the record's version; so for the other kinds.
    ///
    /// - Throws: ``ContentServiceError`` (`unknownRecord`).
    package func record(
        _ kind: UserRecord.Kind, _ id: RecordID, of user: UserHash
    ) async throws -> ContentService.Answer {
        try await system.service.answer(
            namespace, "\(user):\(kind.rawValue):\(id)", holdingWritesOf: [.user(user)], validator: Self.validator
        ) { reader in
            guard let record = try UserRecordRepository.record(of: user, kind: kind, id: id, reader), !record.isDeleted
            else { throw ContentServiceError.unknownRecord(kind, id) }
            return record
        } write: { record, json in
            json.key(kind.name)
            try record.write(to: &json)
        }
    }

    /// What `ETag` and `If-Match` say of a record.
    private static func validator(of record: UserRecord) -> String { "\(record.version)" }

    /// What changed after some version; `nil` if what was deleted since is not known any more.
    package func changes(
        of user: UserHash, after version: Int64, startedAt start: Int64, limit: Int
    ) async throws -> UserRecordRepository.Changes? {
        try await system.database.read { sql in
            try UserRecordRepository.changes(of: user, after: version, startedAt: start, limit: limit, sql)
        }
    }

    /// All records that are not deleted, in the order of their changes.
    package func export(of user: UserHash) async throws -> [UserRecord] {
        try await system.database.read { sql in try UserRecordRepository.records(of: user, sql) }
    }

    // MARK: Writing

    /// Makes changes in their order, in one transaction. Who reads afterwards, here or on another instance, reads them.
    package func apply(_ mutations: [UserMutation], of user: UserHash) async throws -> [UserMutationOutcome] {
        // Each takes a few round trips to the store.
        let deadline = ContentSystem.writeDeadline + .milliseconds(10) * max(0, mutations.count - 1)
        return try await system.write(only: [.user(user)], deadline: deadline) {
            try UserRecordRepository.apply(mutations, of: user, at: .now, $0)
        }
    }

    /// Removes all that a user made. Copies in caches are outdated at once, and gone when they expire, within the hour.
    public func removeAll(of user: UserHash) async throws {
        // There may be a great deal to remove.
        try await system.write(only: [.user(user)], deadline: .seconds(10)) {
            try UserRecordRepository.removeAll(of: user, at: .now, $0)
        }
    }

    /// Forgets deletions and names of changes that are older than ``memory``, of all users.
    public func forget(now: Date) async throws {
        let date = now.addingTimeInterval(-(Self.memory / .seconds(1)))
        // In short transactions, so that users' own writes get their turn.
        while try await system.database.write(
            deadline: .seconds(60), { try UserRecordRepository.forget(before: date, $0) })
        {}
    }

    // MARK: What clients send

    /// The change that makes a record of what a client sent.
    ///
    /// - Throws: ``InvalidRecord``.
    package func put(
        _ members: [String: JSONValue], of kind: UserRecord.Kind
    ) throws(InvalidRecord) -> UserMutation.Change {
        .put(try RecordContent.checked(members, of: kind, structure: structure))
    }

    /// The change that merges what a client sent into what is there (RFC 7396).
    package func patch(_ members: [String: JSONValue], of kind: UserRecord.Kind) -> UserMutation.Change {
        .revise(asked: JSONValue.object(members).canonicalText) { [structure] content in
            try RecordContent.merged(members, into: content, of: kind, structure: structure)
        }
    }
}

extension UserRecord.Kind {
    package var name: StaticString {
        switch self {
        case .bookmark: "bookmark"
        case .collection: "collection"
        case .position: "position"
        }
    }

    package var pluralName: StaticString {
        switch self {
        case .bookmark: "bookmarks"
        case .collection: "collections"
        case .position: "positions"
        }
    }
}
