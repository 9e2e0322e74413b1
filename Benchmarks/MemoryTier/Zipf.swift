import Foundation
import TestSupport

/// Draws ranks whose frequency falls with a power of the rank: rank `r` (from 1) has the weight `1 / r^exponent`.
struct Zipf {
    /// The weights up to each rank, the last of them all.
    private let sums: [Double]

    /// - Parameter count: of the ranks.
    init(count: Int, exponent: Double) {
        var sum = 0.0
        sums = (1...count).map { rank in
            sum += pow(Double(rank), -exponent)
            return sum
        }
    }

    /// - Returns: a rank, counted from 0.
    func rank(using random: inout SplitMix) -> Int {
        let mark = Double.random(in: 0..<(sums.last ?? 1), using: &random)
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] <= mark { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
