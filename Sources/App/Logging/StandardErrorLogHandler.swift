import Foundation
import Logging

enum LogFormat: String, CaseIterable, Sendable {
    /// For people: time, level, message, `key=value`.
    case text
    /// For machines: one JSON object a line.
    case json
}

/// Writes structured logs to standard error, a line each.
struct StandardErrorLogHandler: LogHandler {
    let format: LogFormat
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(format: LogFormat) { self.format = format }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        let line =
            switch format {
            case .text: LogLine.text(event.level, event.message, all)
            case .json: LogLine.json(event.level, event.message, all)
            }
        write(line, to: 2)
    }
}

/// The two forms of a line of log.
enum LogLine {
    static func text(
        _ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata, at date: Date = .now
    ) -> String {
        let time = date.formatted(.iso8601.time(includingFractionalSeconds: true))
        let pairs = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(visible("\($0.value)"))" }.joined()
        return "\(time) \(level.rawValue.uppercased()) \(visible("\(message)"))\(pairs)\n"
    }

    static func json(
        _ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata, at date: Date = .now
    ) -> String {
        let time = date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true)) + "Z"
        var members = [("time", time), ("level", level.rawValue), ("message", "\(message)")]
        members += metadata.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        return "{" + members.map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",") + "}\n"
    }

    /// A value that can't forge a line of its own.
    private static func visible(_ text: String) -> String {
        text.unicodeScalars.contains { $0.value < 0x20 } ? quoted(text) : text
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case _ where scalar.value < 0x20:
                let hexadecimal = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
