import Configuration
import Webhooks

/// Who may announce changes here, and who is told of them. Secrets are never printed.
struct WebhookSettings: Sendable {
    /// `nil` if no webhook is taken.
    let verifier: WebhookVerifier?
    let targets: [WebhookTarget]
    /// What is told is signed with these.
    let targetSecrets: [WebhookSecret]

    /// - Parameter reader: its keys are
    ///   - `webhook.secret`, secret: one or several, separated by spaces or commas
    ///   - `webhook.targets`, secret: addresses, likewise
    ///   - `webhook.target.secret`, secret: one or several, likewise; required if there are targets
    /// - Throws: ``Failure`` that names the variable.
    init(reader: ConfigReader) throws {
        func list<Value>(
            _ key: ConfigKey, _ name: String, _ make: (Substring) throws(WebhookError) -> Value
        ) throws -> [Value] {
            let text = reader.string(forKey: key, isSecret: true) ?? ""
            do throws(WebhookError) {
                var values: [Value] = []
                for part in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
                    values.append(try make(part))
                }
                return values
            } catch {
                throw Failure(.badConfiguration, "\(name): \(error.message)")
            }
        }
        let secrets = try list("webhook.secret", "WEBHOOK_SECRET") { text throws(WebhookError) in
            try WebhookSecret(text)
        }
        verifier = secrets.isEmpty ? nil : WebhookVerifier(secrets: secrets)
        targets = try list("webhook.targets", "WEBHOOK_TARGETS") { text throws(WebhookError) in
            try WebhookTarget(text)
        }
        targetSecrets = try list("webhook.target.secret", "WEBHOOK_TARGET_SECRET") { text throws(WebhookError) in
            try WebhookSecret(text)
        }
        guard targets.isEmpty || !targetSecrets.isEmpty else {
            throw Failure(.badConfiguration, "WEBHOOK_TARGETS needs WEBHOOK_TARGET_SECRET, to sign with")
        }
        guard Set(targets).count == targets.count else {
            throw Failure(.badConfiguration, "WEBHOOK_TARGETS names an address twice")
        }
    }
}
