import Metrics
import Synchronization

/// Counts what a cache does, by namespace.
final class CacheRecorder: Sendable {
    private let namespaces = Mutex<[CacheNamespace: EventCounts]>([:])
    private let loads = Mutex<[CacheNamespace: Timer]>([:])

    /// The counts of a namespace, to be kept by whoever counts often.
    func counts(of namespace: CacheNamespace) -> EventCounts {
        namespaces.withLock { namespaces in
            if let counts = namespaces[namespace] { return counts }
            let counts = EventCounts()
            namespaces[namespace] = counts
            return counts
        }
    }

    func add(_ event: CacheEvent, _ namespace: CacheNamespace) { counts(of: namespace).add(event) }

    func add(_ event: CacheEvent, for keys: [CacheKey]) {
        for key in keys { add(event, key.namespace) }
    }

    /// Reports how long a load took.
    func loaded(_ namespace: CacheNamespace, in duration: Duration) {
        let timer = loads.withLock { loads in
            if let timer = loads[namespace] { return timer }
            let timer = Timer(label: "quran_cache_load_duration_seconds", dimensions: [("type", namespace.name)])
            loads[namespace] = timer
            return timer
        }
        timer.record(duration: duration)
    }

    var holdings: [CacheNamespace: CacheStatistics.Holding] { namespaces.withLock { $0.mapValues(\.holding) } }

    var byNamespace: [CacheNamespace: CacheStatistics.Counters] {
        namespaces.withLock { $0.mapValues(\.snapshot) }
    }
}

/// The counts of one namespace, and what it holds of the memory tier. Counting takes no lock.
package final class EventCounts: Sendable {
    /// One for each case of ``CacheEvent``, in its order.
    private let counts = InlineArray<13, Atomic<Int>> { _ in Atomic(0) }

    private let entries = Atomic(0)
    private let bytes = Atomic(0)

    package init() {}

    /// An entry came into the memory tier, or left it.
    func hold(_ cost: Int) {
        entries.wrappingAdd(1, ordering: .relaxed)
        bytes.wrappingAdd(cost, ordering: .relaxed)
    }

    func release(_ cost: Int) {
        entries.wrappingSubtract(1, ordering: .relaxed)
        bytes.wrappingSubtract(cost, ordering: .relaxed)
    }

    var holding: CacheStatistics.Holding {
        CacheStatistics.Holding(entries: entries.load(ordering: .relaxed), bytes: bytes.load(ordering: .relaxed))
    }

    func add(_ event: CacheEvent) { counts[event.index].wrappingAdd(1, ordering: .relaxed) }

    var snapshot: CacheStatistics.Counters {
        var counters = CacheStatistics.Counters()
        for event in CacheEvent.allCases { counters[event] = counts[event.index].load(ordering: .relaxed) }
        return counters
    }
}
