/// The name of a cache entry: `quran_backend:{type}:{id}`, as in `quran_backend:quran:surah:2`.
public struct CacheKey: Hashable, Sendable, CustomStringConvertible {
    /// What every key starts with, so that a shared Redis can hold other programs' keys too.
    public static let prefix = "quran_backend:"
    /// What the keys of this program's notes start with: leases, statistics and the like, which no pattern of entries matches.
    public static let notesPrefix = "quran_backend_"

    /// Whether a text may be a pattern for keys, or one: it begins with the prefix, as nothing may match what other programs
    /// keep in the same Redis, and has at most 500 bytes.
    public static func isPattern(_ text: String) -> Bool {
        text.utf8.count <= 500 && text.utf8.starts(with: prefix.utf8)
    }

    public let namespace: CacheNamespace
    public let description: String
    /// Of the description's bytes, made once: a key is looked up in several tables.
    let hash: Int

    /// - Parameter id: what the namespace calls the thing; may have parts of its own, separated by colons.
    public init(_ namespace: CacheNamespace, _ id: String) {
        self.init(namespace, description: "\(Self.prefix)\(namespace.name):\(id)")
    }

    /// The name of a part of what is under a key: of nothing that is kept by itself.
    func part(_ name: String) -> CacheKey { CacheKey(namespace, description: "\(description)#\(name)") }

    private init(_ namespace: CacheNamespace, description: String) {
        self.namespace = namespace
        self.description = description
        var hasher = Hasher()
        var bytes = description
        bytes.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hash = hasher.finalize()
    }

    /// By bytes, as Redis compares: texts that Swift calls equal (composed and decomposed) differ in their hashes.
    public static func == (a: Self, b: Self) -> Bool { a.hash == b.hash && a.description == b.description }

    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
