import Authentication
import Foundation
import TestSupport
import Testing

@Suite struct `A minted token` {
    private let now = Date(timeIntervalSince1970: TestClock.start)
    private let hour = Duration.seconds(3600)

    @Test(arguments: Role.allCases) func `verifies by the same secret and policy`(role: Role) async throws {
        let policy = try TokenPolicy(issuer: "https://dev.example/ä", audience: "qu\"ran", roleClaim: "roles")
        let user = try UserID("reader \"😀\" قارئ")
        let token = try await TokenMinter(secret: Secret(Forge.secretText), policy: policy)
            .mint(user: user, role: role, timeToLive: hour, now: now)
        let verifier = try await secretVerifier(policy: policy)
        #expect(try await verifier.verify(token) == User(id: user, role: role))
        let other = try await TokenVerifier(
            keys: .secret(Secret(Forge.secretText + "x")), policy: policy, clock: TestClock().clock, logger: .silent)
        #expect(await other.refusal(of: token) == .badSignature)
        #expect(try await secretVerifier(policy: TokenPolicy(issuer: "other")).refusal(of: token) == .wrongIssuer)
    }

    @Test func `is good for its time`() async throws {
        let clock = TestClock()
        let verifier = try await secretVerifier(policy: TokenPolicy(leeway: .zero), clock: clock)
        let token = try await TokenMinter(secret: Secret(Forge.secretText), policy: TokenPolicy())
            .mint(user: UserID("a"), role: .user, timeToLive: .seconds(60), now: now)
        clock.advance(by: .milliseconds(59_999))
        #expect(await verifier.refusal(of: token) == nil)
        clock.advance(by: .milliseconds(1))
        #expect(await verifier.refusal(of: token) == .expired)
    }

    @Test(arguments: [
        Duration.zero, .seconds(-1), .milliseconds(999), .seconds(Int64.max),
        TokenMinter.maximumTimeToLive + .nanoseconds(1),
    ]) func `is good for no other than a sane time`(timeToLive: Duration) async throws {
        let minter = TokenMinter(secret: try Secret(Forge.secretText), policy: try TokenPolicy())
        let user = try UserID("a")
        let error = await #expect(throws: AuthenticationError.self) {
            try await minter.mint(user: user, role: .user, timeToLive: timeToLive, now: now)
        }
        #expect(error?.code == .invalidConfiguration)
    }

    @Test func `is never longer than the policy allows`() async throws {
        let minter = TokenMinter(secret: try Secret(Forge.secretText), policy: try TokenPolicy(maximumTokenBytes: 256))
        let user = try UserID(String(repeating: "a", count: 255))
        let error = await #expect(throws: AuthenticationError.self) {
            try await minter.mint(user: user, role: .user, timeToLive: hour, now: now)
        }
        #expect(error?.code == .tooLong)
    }
}
