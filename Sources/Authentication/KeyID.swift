/// The `kid` of a key or a token: any string, compared byte for byte (RFC 7515, section 4.1.4).
struct KeyID: Sendable, Hashable {
    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }
}
