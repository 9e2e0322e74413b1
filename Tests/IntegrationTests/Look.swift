import Foundation
import Synchronization
import TestSupport

/// Addresses of static content, each given out once: nobody has asked for it before.
final class ColdPaths: Sendable {
    private let last = Atomic<Int>(0)

    func next() -> String { "ayahs/\(last.add(1, ordering: .relaxed).newValue)" }
}

/// How long some reads took.
struct Latencies: CustomStringConvertible {
    private let sorted: [Duration]

    init(_ durations: [Duration]) { sorted = durations.sorted() }

    var longest: Duration { sorted.last ?? .zero }

    var description: String {
        guard let shortest = sorted.first else { return "none" }
        let median = sorted[sorted.count / 2]
        return "\([shortest, median, longest].map(\.inMilliseconds).joined(separator: " … ")) (\(sorted.count) reads)"
    }
}
