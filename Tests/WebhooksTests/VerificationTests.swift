import Foundation
import TestSupport
import Testing
import Webhooks

@Suite struct `A webhook` {
    private static let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let now = 1_614_265_330
    private static let body = Array(#"{"test": 2432232314}"#.utf8)

    private func verifier(_ secrets: String..., after seconds: Int = 0) throws -> WebhookVerifier {
        try WebhookVerifier(secrets: secrets.map { try WebhookSecret($0) }) {
            Date(timeIntervalSince1970: Double(Self.now + seconds))
        }
    }

    private func sign(_ id: String, _ body: [UInt8] = Self.body, with secrets: String...) throws -> [String: String] {
        let headers = try secrets.map { try WebhookSecret($0) }
            .headers(id: id, at: Date(timeIntervalSince1970: Double(Self.now)), body: body)
        return Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
    }

    private func refusal(
        of headers: [String: String], _ body: [UInt8] = Self.body, by verifier: WebhookVerifier
    ) -> WebhookError.Code? {
        do throws(WebhookError) {
            _ = try verifier.verify(
                id: headers["webhook-id"], timestamp: headers["webhook-timestamp"],
                signature: headers["webhook-signature"], body: body)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `is signed as the specification's libraries sign it`() throws {
        let headers = try sign("msg_p5jXN8AQM9LWM0D4loKWxJek", with: Self.text)
        #expect(
            headers == [
                "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
                "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ])
        let webhook = try verifier(Self.text).verify(
            id: headers["webhook-id"], timestamp: "1614265330", signature: headers["webhook-signature"], body: Self.body
        )
        #expect(webhook.id == "msg_p5jXN8AQM9LWM0D4loKWxJek")
        #expect(webhook.expires == Date(timeIntervalSince1970: Double(Self.now + 600)))
    }

    @Test(arguments: ["", "{}", "{\"name\":\"ٱلْفَاتِحَة\"}", String(repeating: "x", count: 64 << 10)])
    func `is signed as Python does it, and Python's signature is good`(body: String) async throws {
        let file = TemporaryFolder.unique("body")
        try Data(body.utf8).write(to: file)
        let script = """
            import base64, hashlib, hmac, sys
            key = base64.b64decode(sys.argv[1].removeprefix("whsec_"))
            signed = f"{sys.argv[2]}.{sys.argv[3]}.".encode() + open(sys.argv[4], "rb").read()
            print("v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode())
            """
        for length in [24, 32, 64] {
            let secret = "whsec_\(Data((0..<length).map { UInt8($0) }).base64EncodedString())"
            let output = try await Command.run(["python3", "-c", script, secret, "msg_1", "\(Self.now)", file.path])
            let signature = output.trimmingCharacters(in: .whitespacesAndNewlines)
            var headers = try sign("msg_1", Array(body.utf8), with: secret)
            #expect(headers["webhook-signature"] == signature)
            headers["webhook-signature"] = signature
            #expect(try refusal(of: headers, Array(body.utf8), by: verifier(secret)) == nil)
        }
    }

    @Test func `that was changed anywhere is refused`() throws {
        let verifier = try verifier(Self.text)
        let good = try sign("msg_1", with: Self.text)
        #expect(refusal(of: good, by: verifier) == nil)
        for index in Self.body.indices {
            var body = Self.body
            body[index] ^= 1
            #expect(refusal(of: good, body, by: verifier) == .badSignature)
        }
        #expect(refusal(of: good, Self.body + [0], by: verifier) == .badSignature)
        for (name, values) in [
            "webhook-id": ["msg_2", "", "msg_1.", " msg_1", "msg_1\u{301}", String(repeating: "m", count: 256)],
            "webhook-timestamp": ["1614265331", "", "-1614265330", "+1614265330", "01614265330", "1614265330.0", "١٦"],
            "webhook-signature": [
                "", "v1,", "v1", "v2,\(good["webhook-signature"]?.dropFirst(3) ?? "")",
                "V1,\(good["webhook-signature"]?.dropFirst(3) ?? "")", "v1,AAAA",
                "\(good["webhook-signature"]?.dropLast() ?? "")", String(repeating: "v1,AAAA ", count: 1000),
            ],
        ] {
            for value in values {
                #expect(
                    refusal(of: good.merging([name: value]) { $1 }, by: verifier) == .badSignature, "\(name): \(value)")
            }
            #expect(refusal(of: good.filter { $0.key != name }, by: verifier) == .badSignature)
        }
    }

    @Test func `whose parts are cut otherwise is refused`() throws {
        // Signed is "a.1614265330.1.x" for all of these.
        let headers = try sign("a", Array("1.x".utf8), with: Self.text)
        let moved = headers.merging(["webhook-id": "a.1614265330", "webhook-timestamp": "1"]) { $1 }
        #expect(try refusal(of: headers, Array("1.x".utf8), by: verifier(Self.text)) == nil)
        #expect(try refusal(of: moved, Array("x".utf8), by: verifier(Self.text)) == .badSignature)
    }

    @Test(arguments: [(0, true), (300, true), (-300, true), (301, false), (-301, false), (1 << 40, false)])
    func `is good for five minutes, and as long before its time`(seconds: Int, isGood: Bool) throws {
        let refusal = try refusal(of: sign("msg_1", with: Self.text), by: verifier(Self.text, after: seconds))
        #expect(refusal == (isGood ? nil : .staleTimestamp))
    }

    @Test func `that is stale and badly signed is told no more than that it is badly signed`() throws {
        let headers = try sign("msg_1", with: Self.text).merging(["webhook-timestamp": "1"]) { $1 }
        #expect(try refusal(of: headers, by: verifier(Self.text)) == .badSignature)
    }

    @Test func `may be signed with several secrets, one of which is known`() throws {
        let (old, new) = (Self.text, "whsec_\(Data(repeating: 7, count: 32).base64EncodedString())")
        let stranger = "whsec_\(Data(repeating: 8, count: 32).base64EncodedString())"
        for (signing, known, isGood) in [
            ([old], [old, new], true), ([new], [old, new], true), ([old, new], [new], true), ([old, new], [old], true),
            ([stranger], [old, new], false), ([old], [new], false), ([old], [], false),
        ] {
            let headers = try signing.map { try WebhookSecret($0) }
                .headers(id: "msg_1", at: Date(timeIntervalSince1970: Double(Self.now)), body: Self.body)
            let verifier = try WebhookVerifier(secrets: known.map { try WebhookSecret($0) }) {
                Date(timeIntervalSince1970: Double(Self.now))
            }
            let refusal = refusal(
                of: Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) }), by: verifier)
            #expect(refusal == (isGood ? nil : .badSignature))
        }
        // Signatures of versions to come are passed over.
        var headers = try sign("msg_1", with: old)
        headers["webhook-signature"] = "v9,zzz v1a,AAAA \(headers["webhook-signature"] ?? "") v1,AAAA"
        #expect(try refusal(of: headers, by: verifier(old)) == nil)
    }
}

@Suite struct `The configuration of webhooks` {
    @Test(arguments: [
        "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8G", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!",
        "whsec_\(Data(repeating: 1, count: 23).base64EncodedString())",
        "whsec_\(Data(repeating: 1, count: 65).base64EncodedString())", "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ])
    func `takes no secret that is none, and repeats none`(text: String) throws {
        let error = #expect(throws: WebhookError.self) { _ = try WebhookSecret(text) }
        #expect(error?.code == .invalidConfiguration && error?.message.contains("MfKQ") == false)
    }

    @Test func `prints nothing of a secret`() throws {
        let secret = try WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        #expect("\(secret) \(String(reflecting: [secret]))" == "<secret> [<secret>]")
    }

    @Test func `shows an address without its query, and names it by its hash`() throws {
        let target = try WebhookTarget("HTTPS://cdn.example:8443/purge/é?key=CANARY")
        #expect(target.description == "https://cdn.example:8443/purge/%C3%A9" && target.host == "cdn.example")
        let other = try WebhookTarget("https://cdn.example:8443/purge/é?key=OTHER")
        #expect(target.id.count == 32 && target.id != other.id)
    }

    @Test(arguments: [
        "", "cdn.example", "ftp://cdn.example/", "https://", "https:///path", "https://CANARY@cdn.example/",
        "https://user:CANARY@cdn.example/", "https://cdn.example/#CANARY", "unix:///tmp/socket",
    ])
    func `takes no address that is none, or holds a user`(text: String) throws {
        let error = #expect(throws: WebhookError.self) { _ = try WebhookTarget(text) }
        #expect(error?.code == .invalidConfiguration && error?.message.contains("CANARY") == false)
    }
}

@Suite struct `What was not taken` {
    @Test func `is sent again ever more seldom, eight times, a little later than the schedule says`() throws {
        let seconds = [5, 30, 120, 600, 1800, 7200, 18000, 36000]
        for (index, wait) in seconds.enumerated() {
            #expect(DeliverySchedule.wait(after: index + 1, random: 0) == .seconds(wait))
            #expect(DeliverySchedule.wait(after: index + 1, random: 1) == .seconds(Double(wait) * 1.2))
        }
        #expect(DeliverySchedule.wait(after: 9, random: 0) == nil)
        #expect(DeliverySchedule.wait(after: 0, random: 0) == nil)
    }

    @Test func `is sent not before the receiver wants, up to ten hours, and not sooner because of that`() throws {
        #expect(DeliverySchedule.wait(after: 1, retryAfter: .seconds(60), random: 0) == .seconds(60))
        #expect(DeliverySchedule.wait(after: 2, retryAfter: .seconds(1), random: 0) == .seconds(30))
        #expect(DeliverySchedule.wait(after: 1, retryAfter: .seconds(1 << 30), random: 0) == .seconds(36000))
        #expect(DeliverySchedule.wait(after: 9, retryAfter: .seconds(60), random: 0) == nil)
    }
}
