/// A value that is written as one text or number, and of which not every text or number is one.
protocol CodableAsOneValue: Codable {
    associatedtype Written: Codable

    static func value(of written: Written) -> Self?
    var written: Written { get }
}

extension CodableAsOneValue {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let written = try container.decode(Written.self)
        guard let value = Self.value(of: written) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "“\(written)” is no \(Self.self)")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(written)
    }
}

extension EditionID: CodableAsOneValue {
    static func value(of written: String) -> Self? { Self(written) }
    var written: String { name }
}

extension ReciterID: CodableAsOneValue {
    static func value(of written: String) -> Self? { Self(written) }
    var written: String { name }
}

extension AudioURLPattern: CodableAsOneValue {
    static func value(of written: String) -> Self? { Self(written) }
    var written: String { description }
}

extension SurahNumber: CodableAsOneValue {
    static func value(of written: Int) -> Self? { Self(written) }
    var written: Int { value }
}
