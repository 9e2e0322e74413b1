import ArgumentParser
import Foundation
import TestSupport

/// Which sizes the bodies have that are set.
enum EntrySizes: String, ExpressibleByArgument, CaseIterable, Encodable {
    /// 100 B…1 MB, each order of magnitude as often as any other: log-uniform.
    case mixed
    /// As answers are: of a hundred 98 ayahs of 0.4…6 kB, two surahs of 5…150 kB.
    case product
    /// 100…300 B: what counts is the bookkeeping.
    case small
    /// 4…64 kB: too large to fill every hole between others, too small for mappings of their own.
    case medium
    /// 0.5…1 MB.
    case large
    /// A quarter of the sets small, then a quarter medium, a quarter large, a quarter small again: memory that was cut for
    /// one size has to serve the others.
    case shifting

    /// - Parameter progress: the part of the sets that are done, 0…1.
    /// - Returns: bytes, log-uniform between the bounds.
    func size(at progress: Double, using random: inout SplitMix) -> Int {
        let bounds = bounds(at: progress, using: &random)
        return Int(exp(Double.random(in: log(bounds.lowerBound)...log(bounds.upperBound), using: &random)))
    }

    private func bounds(at progress: Double, using random: inout SplitMix) -> ClosedRange<Double> {
        switch self {
        case .mixed: 100...1_000_000
        case .product: Int.random(in: 0..<100, using: &random) < 98 ? 400...6000 : 5000...150_000
        case .small: 100...300
        case .medium: 4000...64_000
        case .large: 500_000...1_000_000
        case .shifting: phase(at: progress).bounds(at: progress, using: &random)
        }
    }

    private func phase(at progress: Double) -> EntrySizes {
        switch progress {
        case 0.25..<0.5: .medium
        case 0.5..<0.75: .large
        default: .small
        }
    }

    /// So many sets that the run takes minutes.
    var defaultSets: Int {
        switch self {
        case .mixed, .product, .small: 10_000_000
        case .medium: 5_000_000
        case .large, .shifting: 500_000
        }
    }
}
