import Configuration
import ContentService
import Storage
import TestSupport
import Testing

@testable import App

/// What the program reads from its environment.
@Suite struct `Settings of the program` {
    private func settings(_ environment: [String: String]) throws -> Settings {
        try Settings(reader: ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment)))
    }

    @Test func `are complete without any`() throws {
        let settings = try settings([:])
        #expect(settings.databaseURL.description.hasSuffix("var/quran.sqlite"))
        #expect(settings.databasePatience == .milliseconds(90))
        #expect(settings.host == "127.0.0.1" && settings.port == 8080)
        #expect(settings.cache.capacity == 128 << 20 && settings.redisURL == nil && settings.httpCaching.usesLane)
    }

    @Test func `say how long what is cached lives`() throws {
        let usual = try settings([:]).cache.lifetimes
        #expect([usual.quran, usual.reciters, usual.editions, usual.stale].allSatisfy { $0 == .seconds(604_800) })
        #expect(usual.search == .seconds(600) && usual.user == .seconds(3600) && usual.negative == .seconds(60))
        let set = try settings([
            "CACHE_TTL_QURAN": "14d", "CACHE_TTL_RECITERS": "2h", "CACHE_TTL_EDITIONS": "30m", "CACHE_TTL_SEARCH": "5s",
            "CACHE_TTL_USER": "2000ms", "CACHE_TTL_NEGATIVE": "1s", "CACHE_STALE": "0s",
        ]).cache.lifetimes
        #expect(set.quran == .seconds(14 * 86400) && set.reciters == .seconds(7200) && set.editions == .seconds(1800))
        #expect(set.search == .seconds(5) && set.user == .seconds(2) && set.negative == .seconds(1))
        #expect(set.stale == .zero)
    }

    @Test(arguments: [
        ["DATABASE_URL": "mysql://secret@host/db"], ["DATABASE_URL": "sqlite:"], ["PORT": "http"], ["PORT": "70000"],
        ["LOG_LEVEL": "loud"], ["LOG_FORMAT": "xml"], ["CACHE_MEGABYTES": "0"], ["CACHE_TTL_QURAN": "0s"],
        ["CACHE_TTL_USER": "1 h"], ["CACHE_TTL_USER": "1500ms"], ["CACHE_TTL_SEARCH": "-1m"],
        ["CACHE_TTL_EDITIONS": "7"], ["CACHE_TTL_RECITERS": "366d"], ["CACHE_TTL_NEGATIVE": "9999999999999999999d"],
        ["CACHE_STALE": "week"], ["DATABASE_PATIENCE": "5"],
        ["WARM_UP_AT_START": "yes"], ["WARM_UP_SCHEDULE": "0 1 30 2 *"], ["WARM_UP_SCOPE": "some"],
        ["WARM_UP_TRANSLATIONS": "en/pickthall"], ["WARM_UP_RATE": "-1"],
        ["METRICS_PORT": "on"], ["ALERT_REDIS_BYTES": "500 MB"], ["HIT_LANE": "yes"], ["HTTP_MAX_AGE": "1m"],
        ["HTTP_TAG_HEADERS": "tags"],
        ["RATE_LIMIT_ADDRESS": "200"], ["RATE_LIMIT_USER": "on"], ["TRUSTED_PROXIES": "10.0.0.1/8"],
        ["TRUSTED_PROXIES": "10.0.0.0/8 x"], ["FORWARDED_HEADER": "via"], ["CORS_ORIGINS": "https://a.example/"],
        ["TIMEOUT_HEAD": "10"], ["TIMEOUT_REQUEST": "0s"], ["TIMEOUT_IDLE": "2d"], ["LIMIT_CONNECTIONS": "0"],
        ["LIMIT_HEADER_COUNT": "many"], ["LOG_CLIENT_ADDRESS": "yes"], ["LIMIT_BODY_BYTES": "-1"],
    ])
    func `that mean nothing are refused with 78, the variable's name and no secret`(setting: [String: String]) throws {
        let error = try #require(throws: (any Error).self) { try settings(setting) }
        let failure = Failure(error)
        #expect(failure.status == .badConfiguration)
        let name = try #require(setting.keys.first)
        #expect(failure.message.contains(name), "\(failure.message)")
        #expect(!failure.message.contains("secret@"))
    }
}
