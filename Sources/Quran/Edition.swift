/// The name of an edition: `uthmani`, `en.pickthall`, `ar.jalalayn`.
public struct EditionID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let name: String

    /// - Returns: `nil` unless the name is 1…64 of `a–z 0–9 . - _`, which keeps it safe in keys, tags and URLs.
    public init?(_ name: some StringProtocol) {
        guard isSlug(name.utf8) else { return nil }
        self.name = String(name)
    }

    public static func < (a: Self, b: Self) -> Bool { a.name < b.name }

    public var description: String { name }
}

/// Whether the bytes are a name that is safe in keys, tags and URLs: 1…64 of `a–z 0–9 . - _`.
func isSlug(_ bytes: some Collection<UInt8>) -> Bool {
    !bytes.isEmpty && bytes.count <= 64
        && bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
}

/// One text that covers the whole Quran: a spelling of the Quran itself, a translation or a tafsir.
public struct Edition: Hashable, Sendable, Codable {
    public enum Kind: String, Sendable, CaseIterable, Codable {
        case quran, translation, tafsir
    }

    public enum Direction: String, Sendable, CaseIterable, Codable {
        case leftToRight = "ltr"
        case rightToLeft = "rtl"
    }

    /// Whether the licence lets anyone pass the text on.
    public enum Redistributable: String, Sendable, CaseIterable, Codable {
        case yes, no, unknown
    }

    /// Who sees it: everybody only what is published.
    public enum Status: String, Sendable, CaseIterable, Codable {
        case draft, published, withdrawn
    }

    /// In camel case as converters from and to snake case make it.
    private enum CodingKeys: String, CodingKey {
        case id, kind, name, nameNative, author, language, direction, publishedYear, licence, redistributable, source
        case version, attribution
        case licenceURL = "licenceUrl"
        case sourceURL = "sourceUrl"
    }

    public let id: EditionID
    public let kind: Kind
    public let name: String
    public let nameNative: String?
    public let author: String?
    /// BCP 47.
    public let language: String
    public let direction: Direction
    public let publishedYear: Int?
    /// An SPDX identifier where there is one, else `public-domain` or `unknown`.
    public let licence: String
    public let licenceURL: String?
    public let redistributable: Redistributable
    public let source: String
    public let sourceURL: String?
    public let version: String?
    /// What a reader must be shown beside the text.
    public let attribution: String

    public init(
        id: EditionID, kind: Kind, name: String, nameNative: String?, author: String?, language: String,
        direction: Direction, publishedYear: Int?, licence: String, licenceURL: String?,
        redistributable: Redistributable, source: String, sourceURL: String?, version: String?, attribution: String
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.nameNative = nameNative
        self.author = author
        self.language = language
        self.direction = direction
        self.publishedYear = publishedYear
        self.licence = licence
        self.licenceURL = licenceURL
        self.redistributable = redistributable
        self.source = source
        self.sourceURL = sourceURL
        self.version = version
        self.attribution = attribution
    }
}
