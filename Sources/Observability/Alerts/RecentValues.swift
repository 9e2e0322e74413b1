import Synchronization

/// The values of a count over the last while, to see how much it grew.
public final class RecentValues<Value: Sendable>: Sendable {
    private let length: Duration
    private let values = Mutex<[(time: Duration, value: Value)]>([])

    public init(of length: Duration) { self.length = length }

    /// Takes in the newest value.
    ///
    /// - Parameters:
    ///   - time: on a clock that never jumps.
    ///   - continues: whether the count went on from the last value; if not, it began anew, and what was before is forgotten.
    /// - Returns: the oldest value of the last while, which may be the newest.
    public func add(_ value: Value, at time: Duration, continues: (Value) -> Bool = { _ in true }) -> Value {
        values.withLock { values in
            if let last = values.last, !continues(last.value) { values = [] }
            values.append((time, value))
            values.removeFirst(values.firstIndex { $0.time >= time - length } ?? 0)
            return values[0].value
        }
    }
}
