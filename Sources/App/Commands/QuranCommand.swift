import ArgumentParser
import ContentService

/// The program: one subcommand a file.
@main
struct QuranCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quran",
        abstract: "A Quran content server: surahs, ayahs, translations, tafsirs and recitations over HTTP.",
        discussion: """
            EXAMPLES
              quran migrate && quran seed && quran serve
              DATABASE_URL=postgres://quran@db/quran quran serve --migrate --seed

            ENVIRONMENT
              DATABASE_URL        sqlite:PATH (default sqlite:var/quran.sqlite) or postgres://…
              DATABASE_PATIENCE   how long the database may show no sign of life before reads that need it are turned
                                  away (default 90ms; longer for one that is far away)
              HOST, PORT          where to listen (default 127.0.0.1, 8080)
              REDIS_URL           redis://… or rediss://…: a cache tier that instances share
              CACHE_MEGABYTES     memory for cached answers (default 128)
              CACHE_TTL_QURAN, CACHE_TTL_RECITERS, CACHE_TTL_EDITIONS, CACHE_TTL_SEARCH, CACHE_TTL_USER,
              CACHE_TTL_NEGATIVE, CACHE_STALE
                                  how long cached answers stay fresh (7d, 7d, 7d, 10m, 1h, 60s), and how much
                                  longer static ones are served stale (7d)
              AUTH_SECRET         of tokens signed with HS256; by default one is made beside a SQLite store
              AUTH_JWKS_URL, AUTH_JWKS_FILE
                                  instead: the issuer's public keys
              AUTH_ISSUER, AUTH_AUDIENCE, AUTH_ROLE_CLAIM
                                  what tokens must say, and the claim that makes an admin (default role)
              WEBHOOK_SECRET      of webhooks that announce changes here; none are taken without
              WEBHOOK_TARGETS, WEBHOOK_TARGET_SECRET
                                  addresses that are told of changes, and what that is signed with
              WARM_UP_AT_START, WARM_UP_AFTER_CHANGES, WARM_UP_SCHEDULE, WARM_UP_SCOPE, WARM_UP_TRANSLATIONS,
              WARM_UP_RATE
                                  when the cache is warmed, with what, and the most loads a second
              QURAN_TOKEN         of an admin, for commands that ask a server
              SENTRY_DSN          where errors and a sample of the requests are told; nowhere by default
              METRICS_PORT, METRICS_HOST
                                  where /metrics is served without a token (default nowhere, 127.0.0.1)
              ALERT_REDIS_BYTES   memory in use by Redis above which there is an alert
              QURAN_CONTENT_DIR   folder with the texts to seed
              QURAN_RESOURCES     folder that holds migrations/ and seed-data/
              LOG_LEVEL           trace … critical (default info)
              LOG_FORMAT          text or json (default: text on a terminal)

            EXIT CODES
              0 done, 64 wrong usage, 65 content refused or damaged, 66 no store or no content,
              69 database, address or server not available, 70 failed, 77 not permitted,
              78 wrong configuration
            """,
        version: ContentService.version,
        subcommands: [
            Serve.self, Migrate.self, Seed.self, Verify.self, Health.self, Token.self, WarmCache.self, ClearCache.self,
            CacheStats.self,
        ])
}
