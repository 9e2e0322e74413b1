public import Compression

extension CacheManager {
    /// The same answer, with its body in a coding, too.
    ///
    /// That is made when it is first asked for, once however many ask at a time, and then kept with the entry in both tiers:
    /// who waits for something cold does not wait for codings, and nothing is made or kept that nobody takes.
    ///
    /// - Throws: `CompressionError`, or `CancellationError`.
    public func encoded(_ answer: CacheAnswer, as coding: ContentCoding) async throws -> CacheAnswer {
        guard answer.entry.codings[coding] == nil else { return answer }
        let entry = answer.entry
        let (landed, joined, _) = try await encodings.value(for: answer.key.part(coding.rawValue)) { [self] in
            // What another one made, and kept meanwhile.
            let newest = memory.peek(answer.key).flatMap { $0.isForm(of: entry) ? $0 : nil } ?? entry
            guard newest.codings[coding] == nil else { return newest }
            let encoded = newest.adding(try coding.encode(newest.body), coding)
            if memory.peek(answer.key) === newest { keepInMemory(encoded, for: answer.key) }
            if let shared, standing(of: encoded) == .fresh {
                Task { await shared.store([answer.key: encoded]) }
            }
            return encoded
        }
        // A flight that was joined may have been of an older entry.
        guard joined, !landed.isForm(of: entry) else { return answer.with(landed) }
        return answer.with(entry.adding(try coding.encode(entry.body), coding))
    }
}

extension CacheEntry {
    /// Whether two entries differ in nothing but the codings that they have.
    fileprivate func isForm(of other: CacheEntry) -> Bool {
        self === other
            || filledAt == other.filledAt && readAt == other.readAt && versions == other.versions
                && body == other.body
    }
}
