import ArgumentParser
import Authentication
import Foundation

struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a bearer token for development.",
        discussion: """
            Signs with the secret that `quran serve` checks with: AUTH_SECRET, or the one beside the SQLite store. Prints the \
            token alone.

            EXAMPLES
              quran token --user alice
              curl -H "Authorization: Bearer $(quran token --user editor --role admin --ttl 8h)" localhost:8080/api/v1/me
            """)

    @Option(help: "The user: what becomes `sub`.")
    var user: String

    enum RoleName: String, ExpressibleByArgument, CaseIterable {
        case user, admin

        var role: Role { self == .admin ? .admin : .user }
    }

    @Option(help: "What the user may do.")
    var role = RoleName.user

    @Option(help: ArgumentHelp("How long it is good: a number of s, m, h or d.", valueName: "time"))
    var ttl = TimeToLive(seconds: 86400)

    func run() async throws {
        try await reportingFailure {
            let settings = try Settings()
            let secret = try settings.tokens.signingSecret(for: settings.databaseURL)
            let token = try await TokenMinter(secret: secret, policy: settings.tokens.policy)
                .mint(user: UserID(user), role: role.role, timeToLive: ttl.duration, now: .now)
            print(token)
        }
    }
}

/// A time as people write it on a command line: `90s`, `15m`, `8h`, `30d`.
struct TimeToLive: ExpressibleByArgument {
    let duration: Duration

    init(seconds: Int) { duration = .seconds(seconds) }

    init?(argument: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = argument.last.flatMap({ units[$0] }), let number = Int(argument.dropLast()), number > 0,
            number <= Int(TokenMinter.maximumTimeToLive.components.seconds) / unit
        else { return nil }
        duration = .seconds(number * unit)
    }

    var defaultValueDescription: String { "\(duration.components.seconds / 86400)d" }
}
