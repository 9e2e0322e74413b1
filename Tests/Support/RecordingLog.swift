public import Logging
import Synchronization

/// Keeps whatever is logged, metadata included.
public final class RecordingLog: LogHandler {
    private let recorded = Mutex<[String]>([])

    public init() {}

    /// Each the message and its metadata, as `key=value`.
    public var lines: [String] { recorded.withLock { $0 } }

    public func log(event: LogEvent) {
        let metadata = (event.metadata ?? [:]).map { "\($0)=\($1)" }.joined(separator: " ")
        recorded.withLock { $0.append("\(event.message) \(metadata)") }
    }

    public subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    public var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    public var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
}
