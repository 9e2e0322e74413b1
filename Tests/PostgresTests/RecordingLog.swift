import Logging
import Synchronization

/// Keeps what PostgreSQL's notices say.
final class RecordingLog: LogHandler {
    private let recorded = Mutex<[String]>([])

    var messages: [String] { recorded.withLock { $0 } }

    func log(event: LogEvent) {
        let text = event.metadata?["message"].map { "\($0)" } ?? ""
        recorded.withLock { $0.append(text) }
    }

    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
}
