import Foundation
import Storage
import TestSupport
import Testing

/// What Prometheus reads from a running server, and what people read.
@Suite struct `Metrics` {
    @Test(arguments: DatabaseEngine.allCases)
    func `reads are counted by type and tier, requests by route`(engine: DatabaseEngine) async throws {
        try await Watched.with(engine) { one in
            try await one.isReady()
            let before = try await one.scrape()
            for _ in 0..<10 { #expect(try await one.server.get("surahs/7").status == 200) }
            for _ in 0..<3 { #expect(try await one.server.get("surahs/115").status == 404) }
            #expect(try await one.server.get("surahs/7?x=1").status == 400)
            #expect(try await one.server.get("no/such/address").status == 404)
            #expect(try await one.server.send(.post, "surahs/7").status == 405)
            let after = try await one.scrape()
            func growth(_ name: String, _ labels: [String: String]) -> Double {
                (after[name, labels] ?? 0) - (before[name, labels] ?? 0)
            }
            #expect(growth("quran_cache_hits_total", ["tier": "memory", "type": "quran"]) == 9)
            #expect(growth("quran_cache_misses_total", ["type": "quran"]) == 1)
            #expect(growth("quran_cache_fills_total", ["type": "quran"]) == 1)
            #expect(growth("quran_cache_entries", ["type": "quran"]) == 1)
            #expect(growth("quran_cache_bytes", ["type": "quran"]) > 0)
            #expect(growth("quran_cache_load_duration_seconds_count", ["type": "quran"]) == 1)
            #expect(growth("quran_cache_shared_lookup_duration_seconds_count", [:]) >= 1)
            let requests = "quran_http_requests_total"
            let surah = "/api/v1/surahs/{number}"
            #expect(growth(requests, ["method": "GET", "route": surah, "status": "2xx"]) == 10)
            #expect(growth(requests, ["method": "GET", "route": surah, "status": "4xx"]) == 4)
            #expect(growth(requests, ["method": "POST", "route": surah, "status": "4xx"]) == 1)
            #expect(growth(requests, ["method": "GET", "route": "none", "status": "4xx"]) == 1)
            #expect(growth("quran_http_request_duration_seconds_count", ["route": surah]) == 15)
            #expect(growth("quran_http_response_bytes_total", ["route": surah]) > 1000)
            #expect(growth("quran_database_duration_seconds_count", ["operation": "read"]) >= 1)
            #expect(after["quran_http_requests_in_flight"] == 0)

            try await Watched.with(one) { two in
                try await eventually("what one instance loaded another finds in Redis") {
                    let number = (try await two.scrape()).series("quran_cache_hits_total")
                    if number[["tier": "shared", "type": "quran"]] ?? 0 > 0 { return true }
                    _ = try await two.server.get("surahs/7")
                    return false
                }
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `the state of all parts is there`(engine: DatabaseEngine) async throws {
        try await Watched.with(engine) { one in
            try await one.isReady()
            let scrape = try await one.scrape()
            #expect(scrape["quran_build_info", ["version": "0.1.0", "engine": engine.rawValue]] == 1)
            #expect(try #require(scrape["quran_feed_lag_seconds"]) < 5)
            #expect(try #require(scrape["quran_redis_connected"]) > 0)
            #expect(try #require(scrape["quran_redis_memory_bytes"]) > 100_000)
            #expect(scrape["quran_redis_memory_limit_bytes"] == nil)
            #expect(scrape["quran_redis_evicted_keys_total"] == 0)
            #expect(scrape["quran_cache_shared_breaker_state", ["state": "closed"]] == 1)
            #expect(scrape["quran_cache_capacity_bytes"] == Double(128 << 20))
            switch engine {
            case .sqlite:
                let file = try #require(scrape["quran_database_file_bytes"])
                #expect(try file > 0 && file + #require(scrape["quran_database_wal_bytes"]) > 100_000)
            case .postgres: #expect(try #require(scrape["quran_database_connections"]) >= 1)
            }
            #expect(try #require(scrape["process_resident_memory_bytes"]) > 10_000_000)
            #expect(try #require(scrape["process_cpu_seconds_total"]) > 0)
            #expect(try #require(scrape["process_open_fds"]) > 5 && scrape["process_threads"] ?? 0 > 1)
            let started = try #require(scrape["process_start_time_seconds"])
            #expect(
                (0..<120).contains(Date.now.timeIntervalSince1970 - started + 2), "the boot time is in whole seconds")
            for alert in ["hit_ratio", "feed_unconfirmed", "memory_evictions", "redis_memory", "redis_evictions"] {
                #expect(scrape["quran_alert_active", ["alert": alert]] == 0)
            }
            #expect(scrape["quran_metrics_dropped_label_sets_total"] == 0)
            let document = try String(contentsOf: Repository.root.appending(path: "docs/metrics.md"), encoding: .utf8)
            for family in scrape.help.keys where !family.hasPrefix("process_") {
                #expect(document.contains("`\(family)"), "\(family) is not documented")
            }
            let changes = scrape["quran_content_changes_total", ["kind": "surah"]] ?? 0
            try await one.store.shell("UPDATE surahs SET name_english = 'Renamed' WHERE number = 2")
            try await eventually("the change is counted") {
                let scrape = try await one.scrape()
                return scrape["quran_content_changes_total", ["kind": "surah"]] ?? 0 > changes
            }
        }
    }

    @Test func `no client makes series: thousands of random addresses are one`() async throws {
        try await Watched.with(.sqlite) { one in
            try await one.isReady()
            for path in ["nothing", "surahs/999", "translations/x"] { _ = try await one.server.get(path) }
            let before = try await one.scrape()
            try await withThrowingDiscardingTaskGroup { group in
                for worker in 0..<10 {
                    group.addTask {
                        for number in 0..<100 {
                            let random = UUID().uuidString
                            for path in [random, "surahs/\(1000 + number)", "translations/\(random.lowercased())"] {
                                _ = try await one.server.get("\(path)?\(random)=\(worker)")
                            }
                        }
                    }
                }
            }
            let after = try await one.scrape()
            let none = ["method": "GET", "route": "none", "status": "4xx"]
            #expect(after["quran_http_requests_total", none] == (before["quran_http_requests_total", none] ?? 0) + 1000)
            #expect(after.count == before.count)
            #expect(!(try await one.text().contains("api/v1/\(UUID().uuidString.prefix(2))")))
        }
    }

    @Test func `admins may read them beside the API, and strangers have a port of their own to be kept from`()
        async throws
    {
        try await Watched.with(.sqlite) { one in
            let answer = try await one.server.send(.get, "metrics", root: "/")
            #expect(answer.status == 401)
            let user = try await UserClient.token(of: "reader")
            #expect(try await one.read(on: one.server, token: user).status == 403)
            let read = try await one.read(on: one.server, token: UserClient.token(of: "operator", role: .admin))
            #expect(read.status == 200)
            #expect(read.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(read.headers["cache-control"] == "no-store")
            let alone = try await one.port.send(.get, "metrics", root: "/")
            #expect(alone.status == 200 && alone.headers["content-type"] == read.headers["content-type"])
            for path in ["/", "/api/v1/surahs/1", "/api/v1/health", "/api/v1/admin/metrics"] {
                #expect(try await one.port.send(.get, "", root: path).status == 404)
            }
            #expect(try await one.port.send(.post, "metrics", root: "/").status == 404)
        }
    }

    @Test func `a port that is taken is said by its name`() async throws {
        let listener = try SilentListener()
        let result = try await Program.run(
            ["serve", "--migrate", "--seed"],
            environment: [
                "PORT": "0", "METRICS_PORT": "\(listener.port)",
                "DATABASE_URL": "sqlite:\(TemporaryFolder.unique("store").path)/quran.sqlite",
                "QURAN_RESOURCES": SyntheticContent.shared.resources.path,
                "QURAN_CONTENT_DIR": SyntheticContent.shared.folder.path,
            ])
        #expect(result.status == 69)
        #expect(result.errors.contains("METRICS_PORT"))
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `people read a summary`(engine: DatabaseEngine) async throws {
        try await Watched.with(engine) { one in
            try await one.isReady()
            for _ in 0..<5 { _ = try await one.server.get("surahs/1") }
            let admin = try await UserClient(one.server, user: "operator", role: .admin)
            let json = try await admin.send(.get, "admin/metrics").json()
            func value(_ part: String, _ name: String) throws -> Any {
                try #require((json[part] as? [String: Any])?[name])
            }
            #expect(try value("requests", "total") as? Int ?? 0 >= 5)
            #expect(try value("requests", "server_errors") as? Int == 0)
            #expect(try value("requests", "in_flight") as? Int == 1)
            let ratio = try #require(try value("cache", "hit_ratio") as? Double)
            #expect(ratio > 0.5 && ratio < 1)
            #expect(try value("database", "engine") as? String == engine.rawValue)
            #expect(try value("redis", "memory_bytes") as? Int ?? 0 > 100_000)
            #expect(try value("process", "resident_bytes") as? Int ?? 0 > 10_000_000)
            #expect((try value("alerts", "active") as? [Any])?.isEmpty == true)
        }
    }
}
