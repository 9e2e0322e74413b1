import Caching
import Foundation
import NIOCore
import TestSupport

/// The things that a trace asks for, with the keys, the versions and the costs that they have in the product. Objects are
/// named by their number.
struct Population {
    let keys: [CacheKey]
    let entries: [CacheEntry]
    /// Bytes: what the memory tier counts for each, so that every policy has the same budget.
    let costs: [Int]
    /// Set apart in the names of traces.
    let note: String

    /// What all of them cost together.
    var bytes: Int { costs.reduce(0, +) }
    var count: Int { keys.count }

    private static let namespace = CacheNamespace.shared("quran")

    /// The 6,236 ayahs and the 114 surahs, each in five representations: 31,750 objects, some 170 MB. Sizes are
    /// lognormal, between 300 B and 200 kB: the median of an ayah is 1.5 kB, that of a surah 20 kB.
    static func quran(seed: UInt64) -> Population {
        let options = [
            "", "?script=simple", "?translations=en.pickthall", "?tafsirs=ar.jalalayn", "?reciter=ar.alafasy",
        ]
        var random = SplitMix(seed: seed)
        var objects: [(id: String, surah: Int, edition: Int, size: Int)] = []
        for (edition, option) in options.enumerated() {
            for ayah in 1...6236 {
                let size = lognormal(median: 1500, using: &random)
                objects.append(("ayah:\(ayah)\(option)", 1 + ayah % 114, edition, size))
            }
            for surah in 1...114 {
                objects.append(("surah:\(surah)\(option)", surah, edition, lognormal(median: 20_000, using: &random)))
            }
        }
        return Population(objects, note: "")
    }

    /// Objects that all cost the same, on which the optimum is known exactly.
    static func equal(count: Int) -> Population {
        Population(
            (0..<count).map { number in ("page:\(100_000 + number)", 100 + number % 14, 0, 1500) }, note: ", one size")
    }

    private init(_ objects: [(id: String, surah: Int, edition: Int, size: Int)], note: String) {
        // A ByteBuffer's storage is a power of two: there are few sizes, and one body of each does for all entries.
        let bodies = (0..<20).map { ByteBufferAllocator().buffer(capacity: 1 << $0) }
        let editions = ["uthmani", "simple", "en.pickthall", "ar.jalalayn", "ar.alafasy"]
        keys = objects.map { CacheKey(Self.namespace, $0.id) }
        entries = objects.map { object in
            let fill = CacheFill(
                body: bodies[(object.size - 1).bitWidth - (object.size - 1).leadingZeroBitCount],
                contentType: "application/json",
                versions: [
                    .all: .zero, .namespace(Self.namespace): .zero, CacheTag("surah:\(object.surah)"): .zero,
                    CacheTag("edition:\(editions[object.edition])"): .zero,
                ])
            return CacheEntry(
                fill, filledAt: CacheInstant(sinceStart: .zero), timeToLive: .seconds(3600), staleTime: .zero)
        }
        self.note = note
        costs = zip(entries, keys).map { $0.cost(key: $1) }
    }

    /// Bytes, 300…200,000. The logarithm has a standard deviation of 1.
    private static func lognormal(median: Double, using random: inout SplitMix) -> Int {
        // Box and Muller's transform of two even draws into a normal one.
        let (a, b) = (Double.random(in: 0.0.nextUp...1, using: &random), Double.random(in: 0..<1, using: &random))
        let normal = (-2 * log(a)).squareRoot() * cos(2 * .pi * b)
        return min(max(Int(median * exp(normal)), 300), 200_000)
    }
}
