/// A way of dividing the whole Quran into numbered, consecutive parts.
public enum DivisionKind: String, Sendable, CaseIterable, Hashable {
    case juz, hizb, rub, manzil, ruku, page

    /// How many parts every scheme of this kind has.
    public var count: Int {
        switch self {
        case .juz: 30
        case .hizb: 60
        case .rub: 240
        case .manzil: 7
        case .ruku: 556
        case .page: 604
        }
    }

    /// Where it stands among all kinds, from 0.
    var position: Int {
        switch self {
        case .juz: 0
        case .hizb: 1
        case .rub: 2
        case .manzil: 3
        case .ruku: 4
        case .page: 5
        }
    }
}

/// The name of the source or print that a set of division boundaries follows, such as `madani-1405h` for pages.
public struct DivisionScheme: Hashable, Sendable, CustomStringConvertible {
    public let name: String

    public init(_ name: String) { self.name = name }

    public var description: String { name }
}

/// One scheme of one kind of division: where each part starts.
public struct Division: Hashable, Sendable {
    public let kind: DivisionKind
    public let scheme: DivisionScheme
    /// Whether the number that an ayah shows for this kind is this scheme's.
    public let isDefault: Bool
    /// The first ayah of each part, in order; a part reaches to the ayah before the next one's first.
    public let starts: [AyahKey]

    public init(kind: DivisionKind, scheme: DivisionScheme, isDefault: Bool, starts: [AyahKey]) {
        self.kind = kind
        self.scheme = scheme
        self.isDefault = isDefault
        self.starts = starts
    }
}

/// A place where the reader prostrates.
public struct Sajda: Hashable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case recommended, obligatory
    }

    /// 1…15, in mushaf order.
    public let number: Int
    public let ayah: AyahKey
    public let kind: Kind
    public let scheme: DivisionScheme

    public init(number: Int, ayah: AyahKey, kind: Kind, scheme: DivisionScheme) {
        self.number = number
        self.ayah = ayah
        self.kind = kind
        self.scheme = scheme
    }
}
