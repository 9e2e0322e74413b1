import JSON
public import NIOCore
import Quran
import Storage

/// Something as an editor gets it: JSON, read from the store for this request.
public struct Representation: Sendable {
    public let body: ByteBuffer
    /// A strong validator, without its quotes.
    public let entityTag: String

    init(_ write: (inout JSONWriter) throws -> Void) rethrows {
        var json = JSONWriter()
        try json.object(write)
        body = json.buffer
        entityTag = strongTag(of: body)
    }

    /// One page of a list.
    init<Row>(_ name: StaticString, _ rows: [Row], page: Page, _ write: (inout JSONWriter, Row) -> Void) {
        self.init { json in
            json.key(name)
            json.array(rows, write)
            page.write(to: &json)
        }
    }
}

/// A state that has a representation.
protocol Represented: EditedState {
    /// - Returns: `nil` if it is not there.
    static func representation(of id: ID, _ sql: any SQLReader) throws -> Representation?

    /// What is said of one that is not there.
    static func absence(of id: ID) -> String

    /// - Throws: ``EditError`` (`protected`).
    static func requireEditable(_ id: ID, _ sql: any SQLReader) throws
}

extension Represented {
    static func requireEditable(_ id: ID, _ sql: any SQLReader) throws {}
}

extension EditionState: Represented {
    static func representation(of id: EditionID, _ sql: any SQLReader) throws -> Representation? {
        try stored(id, sql).map { stored in
            Representation { json in
                json.key("edition")
                stored.writeForEditors(to: &json)
            }
        }
    }

    static func absence(of id: EditionID) -> String { "there is no edition “\(id)”" }

    static func requireEditable(_ id: EditionID, _ sql: any SQLReader) throws {
        if try stored(id, sql)?.edition.kind == .quran { throw EditError.protected(id) }
    }

    static func stored(_ id: EditionID, _ sql: any SQLReader) throws -> StoredEdition? {
        try EditionRepository(ContentReader(sql), statuses: Edition.Status.allCases).edition(id)
    }
}

extension AyahState: Represented {
    static func representation(of id: AyahOfEdition, _ sql: any SQLReader) throws -> Representation? {
        try read(id, sql).map { state in
            Representation { json in
                json.key("ayah")
                json.object { json in
                    json.member("edition", id.edition.name)
                    json.member("key", id.key.description)
                    json.member("text", state.text)
                }
            }
        }
    }

    static func absence(of id: AyahOfEdition) -> String { "no text of \(id.key) is loaded for “\(id.edition)”" }

    static func requireEditable(_ id: AyahOfEdition, _ sql: any SQLReader) throws {
        try EditionState.requireEditable(id.edition, sql)
    }
}

extension Reciter: Represented {
    static func representation(of id: ReciterID, _ sql: any SQLReader) throws -> Representation? {
        try read(id, sql).map { reciter in
            Representation { json in
                json.key("reciter")
                reciter.write(to: &json)
            }
        }
    }

    static func absence(of id: ReciterID) -> String { "there is no reciter “\(id)”" }
}

extension SurahNames: Represented {
    static func representation(of id: SurahNumber, _ sql: any SQLReader) throws -> Representation? {
        try read(id, sql).map { names in
            Representation { json in
                json.key("surah")
                json.object { json in
                    json.member("number", id.value)
                    json.member("name_arabic", names.nameArabic)
                    json.member("name_transliterated", names.nameTransliterated)
                    json.member("name_english", names.nameEnglish)
                }
            }
        }
    }

    static func absence(of id: SurahNumber) -> String { "there is no surah \(id)" }
}

extension Draft {
    var representation: Representation {
        Representation { json in
            json.key("draft")
            write(to: &json)
        }
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", number)
            json.member("edition", edition.name)
            json.member("file", file)
            json.member("sha256", sha256)
            json.member("ayah_count", AyahNumber.count)
            json.member("notice", notice)
            json.member("created_at", createdAt)
            json.key("report")
            json.object { json in
                json.member("against", baseSHA256)
                json.member("current", isCurrent)
                json.member("differing", differing)
                json.key("keys")
                json.array(differingKeys) { json, key in json.value(key) }
            }
        }
    }
}

extension AuditEntry {
    var representation: Representation {
        Representation { json in
            json.key("entry")
            write(to: &json)
        }
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("number", number)
            json.member("created_at", createdAt)
            json.member("actor", actor)
            json.member("action", action.description)
            json.member("subject", subject.description)
            json.member("before", json: before)
            json.member("after", json: after)
            json.member("reverts", reverts)
        }
    }
}
