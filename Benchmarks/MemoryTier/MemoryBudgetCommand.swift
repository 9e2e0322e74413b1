import ArgumentParser
import Caching
import Foundation
import NIOCore
import Synchronization
import TestSupport

struct MemoryBudgetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memory",
        abstract: "Fill the memory tier many times over, and compare the process's memory with the budget.",
        discussion: """
            Threads set entries under distinct keys, each with four versions and a body that is allocated and \
            written. Resident memory is read from /proc/self/status ten times a second, the peak from the kernel's own \
            mark; Linux only.

            SIZES
              mixed      100 B…1 MB, log-uniform; 10 million sets write 1 TB
              product    98 % 0.4…6 kB, 2 % 5…150 kB, as answers are
              small      100…300 B
              medium     4…64 kB
              large      0.5…1 MB
              shifting   a quarter small, a quarter medium, a quarter large, a quarter small again

            CONTRACT
            The peak is above the baseline, which is taken before the first set, by at most 1.10 times the budget.
            Exits with 1 if it is not.

            EXAMPLES
              quran-bench memory
              quran-bench memory --sizes small --sets 2000000 --megabytes 64
              quran-bench memory --json 2>/dev/null | jq .overhead
            """)

    @Option(help: "How many entries are set; by default so many that the run takes minutes.")
    var sets: Int?

    @Option(help: "The budget of the memory tier, in units of 1,048,576 bytes.")
    var megabytes = 128

    @Option(help: "How many threads set entries.")
    var threads = 2

    @Option(help: "The sizes of the bodies.")
    var sizes = EntrySizes.mixed

    @Option(help: "The seed of the sizes.")
    var seed: UInt64 = 1

    @Flag(help: "Print JSON.")
    var json = false

    /// Bytes, but for what says otherwise.
    private struct Report: Encodable {
        let sizes: EntrySizes
        let sets: Int
        let seconds: Double
        let setsPerSecond: Double
        let bytesWritten: Int
        let budget: Int
        let baseline: Int
        let peak: Int
        /// The peak less the baseline.
        let growth: Int
        /// The growth in parts of the budget.
        let overhead: Double
        let isWithinContract: Bool
        /// At the end.
        let entries: Int
        let cost: Int
        let resident: Int
    }

    private static let greatestOverhead = 1.10

    func validate() throws {
        guard sets ?? 1 > 0, threads > 0 else { throw ValidationError("something is set, by at least one thread") }
        guard megabytes > 0 else { throw ValidationError("a budget is at least 1 MB") }
    }

    func run() throws {
        let sets = self.sets ?? sizes.defaultSets
        let tier = MemoryTier(capacity: megabytes << 20)
        let load = SetLoad(tier: tier, sizes: sizes, sets: sets, threads: threads, seed: seed)
        try ResidentMemory.forgetPeak()
        let baseline = try ResidentMemory.current()
        let start = ContinuousClock.now
        load.start()
        var (samples, peak) = (0, baseline)
        while !load.isDone {
            Thread.sleep(forTimeInterval: 0.1)
            let resident = try ResidentMemory.current()
            peak = max(peak, resident)
            samples += 1
            guard samples % 10 == 0 else { continue }
            Console.note(
                "\(load.done * 100 / sets) %, \(load.done) sets, \(tier.count) entries of \(tier.bytes >> 20) MB, "
                    + "resident \(resident >> 20) MB, peak \(peak >> 20) MB")
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        peak = max(peak, try ResidentMemory.peak())
        let growth = peak - baseline
        let overhead = Double(growth) / Double(megabytes << 20)
        let report = Report(
            sizes: sizes, sets: sets, seconds: seconds, setsPerSecond: Double(sets) / seconds,
            bytesWritten: load.bytesWritten, budget: megabytes << 20, baseline: baseline, peak: peak, growth: growth,
            overhead: overhead, isWithinContract: overhead <= Self.greatestOverhead, entries: tier.count,
            cost: tier.bytes, resident: try ResidentMemory.current())
        if json {
            try Console.printJSON(report)
            if !report.isWithinContract { throw ExitCode.failure }
        } else {
            show(report)
            try conclude(
                report.isWithinContract
                    ? [] : ["memory grew by \(overhead.text(decimals: 3)) times the budget, promised is 1.10"])
        }
    }

    private func show(_ report: Report) {
        let lines = [
            ("sets", "\(report.sets), \(report.sizes.rawValue), \(Int(report.setsPerSecond)) a second"),
            ("written", "\(report.bytesWritten >> 20) MB in \(report.seconds.text(decimals: 1)) s"),
            ("budget", "\(report.budget >> 20) MB"),
            ("held", "\(report.cost >> 20) MB, \(report.entries) entries, as the tier counts"),
            ("baseline", "\(report.baseline >> 20) MB"),
            ("peak", "\(report.peak >> 20) MB, at the end \(report.resident >> 20) MB"),
            ("growth", "\(report.growth >> 20) MB, \(report.overhead.text(decimals: 3)) times the budget"),
        ]
        for (name, value) in lines { print("\(name.left(in: 10))\(value)") }
    }
}

/// Sets entries from several threads.
private final class SetLoad: Sendable {
    private let tier: MemoryTier
    private let sizes: EntrySizes
    private let sets: Int
    private let threads: Int
    private let seed: UInt64
    /// What the bodies are copied from.
    private let source = ByteBuffer(repeating: UInt8(ascii: "q"), count: 1_000_000)
    private let namespace = CacheNamespace.shared("quran")
    private let counts = EventCounts()
    /// The number of the next set: whoever is free takes it, so that all threads end together.
    private let next = Atomic(0)
    private let setsDone = Atomic(0)
    private let bytesDone = Atomic(0)
    private let threadsDone = Atomic(0)

    init(tier: MemoryTier, sizes: EntrySizes, sets: Int, threads: Int, seed: UInt64) {
        self.tier = tier
        self.sizes = sizes
        self.sets = sets
        self.threads = threads
        self.seed = seed
    }

    var done: Int { setsDone.load(ordering: .relaxed) }
    var bytesWritten: Int { bytesDone.load(ordering: .relaxed) }
    var isDone: Bool { threadsDone.load(ordering: .acquiring) == threads }

    func start() {
        for _ in 0..<threads {
            Thread.detachNewThread { [self] in
                while case let number = next.wrappingAdd(1, ordering: .relaxed).oldValue, number < sets {
                    set(number)
                }
                threadsDone.wrappingAdd(1, ordering: .releasing)
            }
        }
    }

    private func set(_ number: Int) {
        var random = SplitMix(seed: seed &+ UInt64(number))
        let size = sizes.size(at: Double(number) / Double(sets), using: &random)
        let key = CacheKey(namespace, "surah:\(number)?translations=en.pickthall")
        // What the product's tags are like: few texts, many surahs.
        let fill = CacheFill(
            body: ByteBuffer(bytes: source.readableBytesView.prefix(size)), contentType: "application/json",
            entityTag: "\(key.hashValue)",
            versions: [
                .all: .zero, .namespace(namespace): .zero, CacheTag("surah:\(1 + number % 114)"): .zero,
                CacheTag("translation:en.pickthall"): .zero,
            ])
        let entry = CacheEntry(
            fill, filledAt: CacheInstant(sinceStart: .zero), timeToLive: .seconds(3600), staleTime: .zero)
        tier.store(Resident(entry, for: key, counts: counts))
        setsDone.wrappingAdd(1, ordering: .relaxed)
        bytesDone.wrappingAdd(size, ordering: .relaxed)
    }
}
