import Authentication
import Foundation
import Logging
import TestSupport
import Testing

/// A verifier with the keys of a set in a file of its own.
func withKeyFile<Value>(
    _ set: String, policy: TokenPolicy? = nil, clock: TestClock = TestClock(), log: RecordingLog = RecordingLog(),
    _ test: (TokenVerifier, URL) async throws -> Value
) async throws -> Value {
    try await withTemporaryFolder { folder async throws in
        let file = folder.appending(path: "jwks.json")
        try Data(set.utf8).write(to: file)
        let verifier = try await TokenVerifier(
            keys: .jwksFile(file), policy: policy ?? TokenPolicy(), clock: clock.clock,
            logger: Logger(label: "test", factory: { _ in log }))
        return try await test(verifier, file)
    }
}

func withTemporaryFolder<Value>(_ test: (URL) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "authentication-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let value: Value
    do {
        value = try await test(folder)
    } catch {
        try FileManager.default.removeItem(at: folder)
        throw error
    }
    try FileManager.default.removeItem(at: folder)
    return value
}

/// A verifier of HS256 by the secret of the forge.
func secretVerifier(
    policy: TokenPolicy? = nil, capacity: Int = 100, clock: TestClock = TestClock(), log: RecordingLog = RecordingLog()
) async throws -> TokenVerifier {
    try await TokenVerifier(
        keys: .secret(Secret(Forge.secretText)), policy: policy ?? TokenPolicy(), capacity: capacity,
        clock: clock.clock,
        logger: Logger(label: "test", factory: { _ in log }))
}

extension TokenVerifier {
    /// Why the token is refused; `nil` if it is not.
    func refusal(of token: String) async -> AuthenticationError.Code? {
        do {
            _ = try await verify(token)
            return nil
        } catch {
            return error.code
        }
    }
}

/// All that can be seen of a value without asking it for its parts.
func everythingPrinted(of value: some Any) -> String {
    var text = "\(value) \(String(reflecting: value)) \(String(describing: [value]))"
    dump(value, to: &text)
    return text
}

extension Logger {
    /// Keeps what is logged in a log of its own that nobody reads.
    static var silent: Logger { Logger(label: "test", factory: { _ in RecordingLog() }) }
}

extension TestClock {
    var clock: AuthenticationClock {
        AuthenticationClock(
            now: { [self] in now }, sinceStart: { [self] in elapsed }, sleep: { [self] in try await sleep($0) })
    }
}

extension LoopbackServer {
    /// Where a test's server has its keys.
    var keys: String { "\(base)/keys?key=QUERY-CANARY" }
}
