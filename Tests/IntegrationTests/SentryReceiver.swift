import Foundation
import TestSupport

/// What a receiver of Sentry's got, as Sentry's own SDK for Python reads it.
struct SentryItem {
    /// `event`, `transaction` or `client_report`.
    let type: String
    let payload: [String: Any]
    /// The headers of the envelope that it came in.
    let headers: [String: Any]

    /// - Throws: ``TestFailure`` if the SDK can't read all of it.
    static func all(from receiver: LoopbackServer) async throws -> [SentryItem] {
        let files = try receiver.requests.map { request in
            let file = TemporaryFolder.unique("envelope")
            try Data(request.body).write(to: file)
            return file.path
        }
        let text = try await Command.run(["/usr/bin/python3", "-c", script] + files)
        guard let envelopes = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]] else {
            throw TestFailure("not read: \(text)")
        }
        return envelopes.flatMap { envelope in
            (envelope["items"] as? [[String: Any]] ?? []).map { item in
                SentryItem(
                    type: item["type"] as? String ?? "", payload: item["payload"] as? [String: Any] ?? [:],
                    headers: envelope["headers"] as? [String: Any] ?? [:])
            }
        }
    }

    private static let script = """
        import json, sys
        from sentry_sdk.envelope import Envelope
        read = []
        for path in sys.argv[1:]:
            with open(path, "rb") as file:
                envelope = Envelope.deserialize_from(file)
                assert file.read() == b"", path
            items = [{"type": item.type, "payload": json.loads(item.get_bytes())} for item in envelope.items]
            read.append({"headers": envelope.headers, "items": items})
        print(json.dumps(read))
        """

    /// A part of the payload: `contexts.trace.op`.
    func text(_ path: String) -> String? {
        var value: Any? = payload
        for name in path.split(separator: ".") { value = (value as? [String: Any])?[String(name)] }
        return value as? String
    }

    var spans: [[String: Any]] { payload["spans"] as? [[String: Any]] ?? [] }
}
