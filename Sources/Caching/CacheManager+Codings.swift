public import Compression
import NIOCore
import NIOPosix
import Synchronization

extension CacheManager {
    /// The same answer, with its body in a coding, too, if that is there or can be made now.
    ///
    /// It is made when it is first asked for, once however many ask at a time, and then kept with the entry in both tiers, where
    /// there is room for it: who waits for something cold does not wait for codings, and nothing is made or kept that nobody takes. While
    /// as many are being made as the machine can bear, others are not.
    ///
    /// - Throws: `CompressionError`, or `CancellationError`.
    public func encoded(_ answer: CacheAnswer, as coding: ContentCoding) async throws -> CacheAnswer {
        guard answer.entry.codings[coding] == nil else { return answer }
        let entry = answer.entry
        let (landed, joined, _) = try await encodings.value(for: answer.key.part(coding.rawValue)) { [self] in
            // What another one made, and kept meanwhile.
            guard let held = heldForm(of: entry, answer.key) else { return entry }
            guard held.codings[coding] == nil else { return held }
            // What could not be kept would be made for every request.
            guard memory.mayHold(held.cost(key: answer.key) + entry.body.readableBytes / 2) else { return entry }
            guard encodingCount.wrappingAdd(1, ordering: .relaxed).newValue <= Self.mostEncodings else {
                encodingCount.wrappingSubtract(1, ordering: .relaxed)
                return entry
            }
            defer { encodingCount.wrappingSubtract(1, ordering: .relaxed) }
            // It takes milliseconds of computing, for which the threads of tasks are too few.
            let encoded = try await NIOSingletons.posixBlockingThreadPool.runIfActive { try coding.encode(entry.body) }
            return keep(encoded, coding, of: entry, for: answer.key)
        }
        // A flight that was joined may have been of an older entry.
        return joined && !landed.isForm(of: entry) ? answer : answer.with(landed)
    }

    /// How many may be made at a time.
    private static let mostEncodings = 2

    /// Adds a coding to what is held of an entry, unless something else is held meanwhile.
    private func keep(
        _ encoded: ByteBuffer, _ coding: ContentCoding, of entry: CacheEntry, for key: CacheKey
    ) -> CacheEntry {
        while let held = heldForm(of: entry, key) {
            let form = held.adding(encoded, coding)
            // There may be no room for it; that is no reason to lose what is there.
            guard memory.mayHold(form.cost(key: key)) else { return form }
            guard let evicted = memory.replace(held, with: resident(form, for: key)) else { continue }
            recorder.add(.evictedForSpace, for: evicted)
            // It may get there after a newer one, which costs whoever finds it a load: it is no more current than it says.
            if let shared { Task { await shared.store([key: form]) } }
            return form
        }
        return entry.adding(encoded, coding)
    }

    private func heldForm(of entry: CacheEntry, _ key: CacheKey) -> CacheEntry? {
        memory.peek(key).flatMap { $0.isForm(of: entry) ? $0 : nil }
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
