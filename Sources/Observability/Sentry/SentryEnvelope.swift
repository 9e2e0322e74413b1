import Foundation
import JSON
import NIOCore

/// What is posted to Sentry at once: a line of headers, and items that are a line of headers and a payload each.
struct SentryEnvelope {
    enum ItemType: String {
        case event, transaction
        case clientReport = "client_report"
    }

    private let configuration: SentryConfiguration
    /// Of the event or transaction in it; a report of what was not sent has none.
    private var eventID: String?
    private var trace: ByteBuffer?
    private var items = ByteBuffer()

    init(_ configuration: SentryConfiguration) { self.configuration = configuration }

    /// - Parameters:
    ///   - payload: JSON.
    ///   - eventID: the one that the payload has.
    private mutating func add(_ type: ItemType, _ payload: ByteBuffer) {
        var header = JSONWriter(capacity: 64)
        header.object { json in
            json.member("type", type.rawValue)
            json.member("length", payload.readableBytes)
        }
        items.writeImmutableBuffer(header.buffer)
        items.writeString("\n")
        items.writeImmutableBuffer(payload)
        items.writeString("\n")
    }

    /// Adds what is to be told. There is one such thing in an envelope.
    mutating func add(_ report: SentryReport) {
        let payload = SentryPayload(report, configuration)
        eventID = payload.eventID
        trace = payload.traceHeader
        add(report.category == .transaction ? .transaction : .event, payload.json)
    }

    /// Adds the count of what was not sent.
    mutating func add(_ discarded: [SentryQueue.Discard: Int]) {
        var json = JSONWriter()
        json.object { json in
            json.key("timestamp")
            json.value(Date.now.timeIntervalSince1970)
            json.key("discarded_events")
            json.array(discarded) { json, discard in
                json.object { json in
                    json.member("reason", discard.key.reason.rawValue)
                    json.member("category", discard.key.category.rawValue)
                    json.member("quantity", discard.value)
                }
            }
        }
        add(.clientReport, json.buffer)
    }

    /// The bytes of the whole, sent now.
    func bytes(sentAt date: Date = .now) -> ByteBuffer {
        var header = JSONWriter()
        header.object { json in
            if let eventID { json.member("event_id", eventID) }
            json.member("dsn", configuration.dsn.text)
            json.member("sent_at", date.ISO8601Format())
            if let trace {
                json.key("trace")
                json.raw(trace)
            }
        }
        var bytes = header.buffer
        bytes.writeString("\n")
        bytes.writeImmutableBuffer(items)
        return bytes
    }
}
