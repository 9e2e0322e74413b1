import Caching
import ContentService
import Foundation
import NIOCore
import Quran
import Storage
import TestSupport
import Testing

/// A JSON value whose members keep their order and whose strings keep their bytes.
indirect enum JSON: Equatable {
    case null
    case bool(Bool)
    case number(Int)
    /// UTF-8.
    case string([UInt8])
    case array([JSON])
    case object([Member])

    struct Member: Equatable {
        let name: String
        let value: JSON
    }

    init(_ text: String) { self = .string(Array(text.utf8)) }

    init(_ text: String?) { self = text.map { JSON($0) } ?? .null }

    init(_ number: Int?) { self = number.map { .number($0) } ?? .null }

    /// The names of an object's members, in order; none for other values.
    var names: [String] {
        if case .object(let members) = self { members.map(\.name) } else { [] }
    }

    /// - Throws: ``TestFailure`` if this is no object, or has not exactly one such member.
    func member(_ name: String) throws -> JSON {
        guard case .object(let members) = self else { throw TestFailure("no object with \(name): \(self)") }
        let found = members.filter { $0.name == name }
        guard found.count == 1 else { throw TestFailure("\(found.count) members \(name) among \(names)") }
        return found[0].value
    }

    func member(_ path: String...) throws -> JSON { try path.reduce(self) { try $0.member($1) } }

    func elements(_ name: String) throws -> [JSON] { try member(name).elements() }

    func elements() throws -> [JSON] {
        guard case .array(let elements) = self else { throw TestFailure("no array: \(self)") }
        return elements
    }
}

extension JSON {
    /// Reads what the service writes: no white space, no fractions.
    init(parsing bytes: [UInt8]) throws {
        var parser = Parser(bytes: bytes[...])
        self = try parser.value()
        guard parser.bytes.isEmpty else { throw TestFailure("something follows the value") }
    }

    private struct Parser {
        var bytes: ArraySlice<UInt8>

        mutating func value() throws -> JSON {
            switch bytes.first {
            case UInt8(ascii: "{"):
                return .object(
                    try list("{", "}") { parser in
                        let name = String(decoding: try parser.string(), as: UTF8.self)
                        guard parser.skip(":") else { throw TestFailure("no colon after \(name)") }
                        return Member(name: name, value: try parser.value())
                    })
            case UInt8(ascii: "["): return .array(try list("[", "]") { try $0.value() })
            case UInt8(ascii: "\""): return .string(try string())
            default:
                if skip("null") { return .null }
                if skip("true") { return .bool(true) }
                if skip("false") { return .bool(false) }
                let digits = bytes.prefix { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
                bytes = bytes[digits.endIndex...]
                guard let number = Int(String(decoding: digits, as: UTF8.self)) else { throw TestFailure("no value") }
                return .number(number)
            }
        }

        private mutating func list<Element>(
            _ open: String, _ close: String, _ element: (inout Parser) throws -> Element
        ) throws -> [Element] {
            _ = skip(open)
            if skip(close) { return [] }
            var elements = [try element(&self)]
            while skip(",") { elements.append(try element(&self)) }
            guard skip(close) else { throw TestFailure("no \(close)") }
            return elements
        }

        /// Foundation unescapes.
        private mutating func string() throws -> [UInt8] {
            guard bytes.first == UInt8(ascii: "\"") else { throw TestFailure("no string") }
            var end = bytes.startIndex + 1
            while end < bytes.endIndex, bytes[end] != UInt8(ascii: "\"") {
                end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard end < bytes.endIndex else { throw TestFailure("an open string") }
            let literal = bytes[...end]
            bytes = bytes[(end + 1)...]
            guard literal.contains(UInt8(ascii: "\\")) else { return Array(literal.dropFirst().dropLast()) }
            let decoded = try JSONSerialization.jsonObject(with: Data(literal), options: .fragmentsAllowed)
            return Array((try #require(decoded as? String)).utf8)
        }

        private mutating func skip(_ text: String) -> Bool {
            guard bytes.starts(with: text.utf8) else { return false }
            bytes = bytes.dropFirst(text.utf8.count)
            return true
        }
    }
}

extension ContentService.Answer {
    /// The body, once it has been seen to be what Foundation takes for JSON too.
    func json() throws -> JSON {
        let bytes = Array(entry.body.readableBytesView)
        _ = try JSONSerialization.jsonObject(with: Data(bytes))
        return try JSON(parsing: bytes)
    }
}

extension ContentService {
    /// On the synthetic content that all tests share.
    static func seeded(_ engine: DatabaseEngine) async throws -> ContentService {
        try await ContentService(database: TestDatabase.seeded(engine).database, cache: CacheManager())
    }
}

extension TestDatabase {
    /// The table of versions, as it is.
    func versions() async throws -> [CacheTag: CacheVersion] {
        let rows = try await database.read { sql in
            try sql.all("SELECT tag, version FROM content_versions") { (try $0.text(0), try $0.integer(1)) }
        }
        return Dictionary(uniqueKeysWithValues: rows.map { (CacheTag($0), CacheVersion($1)) })
    }
}

/// Domain values that a test knows to exist.
func surah(_ number: Int) throws -> SurahNumber { try #require(SurahNumber(number)) }

func edition(_ id: String) throws -> EditionID { try #require(EditionID(id)) }

func reciter(_ id: String) throws -> ReciterID { try #require(ReciterID(id)) }

func page(_ page: Int, _ size: Int) throws -> PageRequest { try #require(PageRequest(page: page, size: size)) }

func pagination(size: Int = 300, page: Int = 1, next: Int? = nil, pages: Int = 1, records: Int) -> JSON {
    .object([
        .init(name: "per_page", value: .number(size)), .init(name: "current_page", value: .number(page)),
        .init(name: "next_page", value: JSON(next)), .init(name: "total_pages", value: .number(pages)),
        .init(name: "total_records", value: .number(records)),
    ])
}

let everyEngine = DatabaseEngine.allCases
let structure = SyntheticContent.shared.seedData.structure
let uthmani = SyntheticContent.shared.served("quran-uthmani.txt")
let pickthall = SyntheticContent.shared.served("translations/en.pickthall.txt")
let jalalayn = SyntheticContent.shared.served("tafsir/ar.jalalayn.txt")
