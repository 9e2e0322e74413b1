/// The invariants of the Quran's structure that a data set breaks.
public struct StructureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence each, naming the surah, division or sajda concerned. Never empty.
    public let violations: [String]

    public init(violations: [String]) { self.violations = violations }

    public var description: String { violations.joined(separator: "; ") }
}
