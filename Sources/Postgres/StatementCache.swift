/// The statements that one connection has prepared on the server, by SQL text, the least recently used one leaving first.
struct StatementCache {
    private struct Entry {
        let name: String
        var lastUse: UInt64
    }

    private let capacity: Int
    private var entries: [String: Entry] = [:]
    private var uses: UInt64 = 0
    private var namesGiven: UInt64 = 0
    /// Names that are out of the cache but perhaps still on the server, as `DEALLOCATE` has to wait for the transaction's end.
    private(set) var condemned: [String] = []

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// The name under which `sql` is prepared.
    mutating func name(for sql: String) -> String? {
        guard let index = entries.index(forKey: sql) else { return nil }
        uses += 1
        entries.values[index].lastUse = uses
        return entries.values[index].name
    }

    /// A name that was never used on this connection. Ten characters fit Swift's inline strings.
    mutating func makeName() -> String {
        namesGiven += 1
        return "q\(namesGiven)"
    }

    /// Notes that `sql` is prepared as `name`; beyond the capacity the least recently used statement is condemned.
    mutating func insert(_ sql: String, name: String) {
        if entries.count >= capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            entries[oldest.key] = nil
            condemned.append(oldest.value.name)
        }
        uses += 1
        entries[sql] = Entry(name: name, lastUse: uses)
    }

    /// Takes `sql` out, as its plan no longer fits the schema or the server has forgotten it.
    mutating func condemn(_ sql: String) {
        guard let entry = entries.removeValue(forKey: sql) else { return }
        condemned.append(entry.name)
    }

    mutating func takeCondemned() -> [String] {
        defer { condemned = [] }
        return condemned
    }
}
