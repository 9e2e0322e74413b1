/// When somebody is to be woken.
public struct AlertRule: Sendable {
    public enum Direction: Sendable {
        /// Raised when the value is above the threshold, or below it.
        case above, below
    }

    /// `[a-z_]+`: the label of its metrics.
    public let name: String
    /// One sentence for whoever is woken.
    public let summary: String
    public let direction: Direction
    /// The part of the threshold by which the value must be better again, so that an alert does not come and go.
    public let margin: Double
    public let measure: @Sendable (_ elapsed: Duration) -> AlertReading

    /// - Parameter measure: what is looked at, told the time on a clock that never jumps; it must not wait.
    public init(
        _ name: String, _ summary: String, _ direction: Direction, margin: Double,
        measure: @escaping @Sendable (_ elapsed: Duration) -> AlertReading
    ) {
        self.name = name
        self.summary = summary
        self.direction = direction
        self.margin = margin
        self.measure = measure
    }

    func isRaised(by value: Double, threshold: Double, wasRaised: Bool) -> Bool {
        switch direction {
        case .above: value > (wasRaised ? threshold * (1 - margin) : threshold)
        case .below: value < (wasRaised ? threshold * (1 + margin) : threshold)
        }
    }
}

/// What a rule's look found.
public enum AlertReading: Sendable, Hashable {
    case value(Double, threshold: Double)
    /// There is nothing to judge, as too little happens: an alert ends.
    case quiet
    /// Nobody can say now: an alert stays as it is.
    case unknown
}

/// An alert was raised or cleared.
public struct AlertEvent: Sendable, Hashable {
    public enum Kind: String, Sendable {
        case raised, cleared
    }

    public let kind: Kind
    public let name: String
    public let summary: String
    /// What was measured; `nil` if the alert was cleared because there is nothing to measure.
    public let value: Double?
    public let threshold: Double
    /// Milliseconds since 1970.
    public let time: Int64
}

/// Is told of every alert. It must neither wait nor throw.
public protocol AlertObserver: Sendable {
    func observe(_ event: AlertEvent)
}
