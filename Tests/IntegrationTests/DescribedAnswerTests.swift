import Foundation
import Storage
import TestSupport
import Testing

/// The API's own description, held against a server by a client that is not ours.
@Suite struct `The description of answers` {
    @Test(arguments: DatabaseEngine.allCases)
    func `holds of every answer, of success and of refusal`(engine: DatabaseEngine) async throws {
        let secret = "whsec_\(Data(repeating: 7, count: 32).base64EncodedString())"
        try await TestDatabase.with(engine, holding: .texts) { store in
            let environment = [
                "DATABASE_URL": store.url, "AUTH_SECRET": TestServer.secret, "WEBHOOK_SECRET": secret,
                "WEBHOOK_TARGETS": "http://127.0.0.1:\(try Port.free())", "WEBHOOK_TARGET_SECRET": secret,
            ]
            try await TestServer.with(environment) { server in
                let tokens = try await [
                    "ADMIN_TOKEN=\(UserClient.token(of: "admin", role: .admin))",
                    "USER_TOKEN=\(UserClient.token(of: "user"))",
                ]
                try await Command.run(
                    ["/usr/bin/env", "WEBHOOK_SECRET=\(secret)"] + tokens
                        + [
                            "/usr/bin/python3", Repository.root.appending(path: "Tests/Conformance/answers.py").path,
                            server.base,
                        ])
            }
        }
    }
}
