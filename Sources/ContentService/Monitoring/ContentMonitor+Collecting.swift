import Caching
import Foundation
import Observability
import Redis
import Storage

extension ContentMonitor {
    /// Adds what counts itself.
    func collect(into families: inout MetricFamilies) {
        let (statistics, latest) = (system.cache.statistics, samples.latest)
        families.gauge(
            "quran_build_info", "1, with the version of the program and the engine of its store.", 1,
            ["version": ContentService.version, "engine": system.database.engine.rawValue])
        collect(statistics, into: &families)
        collect(latest, into: &families)
        collect(system.database.statistics, into: &families)
        if let redis { collect(redis.statistics, latest.redis, into: &families) }
        if let warmUp { collect(warmUp.reports, into: &families) }
        ProcessStatistics.current()?.collect(into: &families)
        alerts.collect(into: &families)
    }

    private func collect(_ statistics: CacheStatistics, into families: inout MetricFamilies) {
        for (namespace, counters) in statistics.byNamespace {
            for event in CacheEvent.allCases { families.count(event, counters[event], type: namespace.name) }
        }
        for (namespace, holding) in statistics.memoryByNamespace {
            let type: KeyValuePairs = ["type": namespace.name]
            families.gauge("quran_cache_entries", "Entries in memory, by type.", holding.entries, type)
            families.gauge("quran_cache_bytes", "Bytes that entries in memory hold, by type.", holding.bytes, type)
        }
        families.gauge("quran_cache_capacity_bytes", "Bytes that entries in memory may hold.", statistics.capacity)
        families.gauge(
            "quran_cache_hit_ratio", "The part of all answers since the start that needed no load.",
            statistics.total.hitRatio)
        families.gauge(
            "quran_cache_waiting_loads", "Loads that wait for their turn at the database.", statistics.waitingLoads)
        if let state = statistics.sharedTierState {
            for name in ["closed", "half-open", "open"] {
                families.gauge(
                    "quran_cache_shared_breaker_state", "1 for the state that the shared tier's circuit breaker is in.",
                    name == state ? 1 : 0, ["state": name])
            }
        }
        families.gauge(
            "quran_feed_lag_seconds", "Time since the version map was confirmed.",
            statistics.feedLag.map { $0 / .seconds(1) })
    }

    private func collect(_ latest: DependencySamples.Samples, into families: inout MetricFamilies) {
        for (type, counters) in latest.cluster ?? [:] {
            for event in CacheEvent.allCases where counters[event] != 0 {
                families.gauge(
                    "quran_cluster_cache_events_today",
                    "What all instances' caches did today (UTC), by type and event.",
                    counters[event], ["type": type, "event": event.rawValue])
            }
        }
        families.gauge(
            "quran_cluster_cache_hit_ratio_today", "The part of all instances' answers today that needed no load.",
            latest.cluster.flatMap { $0.values.reduce(CacheStatistics.Counters(), +).hitRatio })
        for (state, count) in latest.deliveries ?? [:] {
            families.gauge(
                "quran_webhook_deliveries", "Webhooks that go out, as the store has them, by state.", count,
                ["state": state.rawValue])
        }
    }

    private func collect(_ database: DatabaseStatistics, into families: inout MetricFamilies) {
        if let pool = database.pool {
            families.gauge("quran_database_connections", "Connections that are open, idle or in use.", pool.open)
            for (state, count) in [("idle", pool.idle), ("running", pool.running)] {
                families.gauge("quran_database_threads", "Threads for work, by state.", count, ["state": state])
            }
            families.gauge("quran_database_waiting", "Work that waits for a connection.", pool.waiting)
        }
        families.gauge("quran_database_file_bytes", "Size of the store's file.", database.fileBytes)
        families.gauge("quran_database_wal_bytes", "Size of the store's write-ahead log.", database.logBytes)
    }

    private func collect(
        _ warmUps: (current: WarmUp.Report?, last: WarmUp.Report?, lastRequested: WarmUp.Report?),
        into families: inout MetricFamilies
    ) {
        families.gauge(
            "quran_warm_up_running", "Whether this instance is warming the cache.", warmUps.current == nil ? 0 : 1)
        guard let report = warmUps.current ?? warmUps.last else { return }
        let states = [
            ("planned", report.total), ("done", report.progress.position), ("loaded", report.progress.loaded),
            ("failed", report.progress.failed), ("left", report.left),
        ]
        for (state, keys) in states {
            families.gauge(
                "quran_warm_up_keys", "Keys of the warm-up that runs or ran last, by state.", keys, ["state": state])
        }
        families.gauge(
            "quran_warm_up_bytes", "Bytes of the bodies that it found or made warm.", report.progress.bytes)
        guard let last = warmUps.last, let duration = last.duration else { return }
        families.gauge(
            "quran_warm_up_duration_seconds", "Time that the last warm-up took.", duration / .seconds(1))
        families.gauge(
            "quran_warm_up_started_timestamp_seconds", "When the last warm-up began, since 1970.",
            last.startedAt.timeIntervalSince1970)
        families.gauge(
            "quran_warm_up_interrupted", "Whether the last warm-up ended before its plan did.",
            last.interruption == nil ? 0 : 1)
    }

    private func collect(_ client: RedisStatistics, _ server: RedisMemory?, into families: inout MetricFamilies) {
        families.gauge("quran_redis_connections", "Connections that are kept when all is well.", client.connections)
        families.gauge("quran_redis_connected", "Connections that are usable.", client.connected)
        families.gauge("quran_redis_pending", "Commands that wait for a reply.", client.pending)
        families.counter("quran_redis_reconnects_total", "Connections that were made again.", client.reconnects)
        families.counter("quran_redis_timeouts_total", "Calls that had no reply in time.", client.timeouts)
        families.counter(
            "quran_redis_overloads_total", "Calls that were refused as too many waited.", client.overloads)
        families.gauge("quran_redis_up", "Whether the server said how it is at the last look.", server == nil ? 0 : 1)
        families.gauge("quran_redis_memory_bytes", "The server's used_memory.", server?.usedBytes)
        families.gauge("quran_redis_memory_limit_bytes", "The server's maxmemory, if it has one.", server?.limitBytes)
        families.counter("quran_redis_evicted_keys_total", "The server's evicted_keys.", server?.evictedKeys)
        families.counter("quran_redis_keyspace_hits_total", "The server's keyspace_hits.", server?.keyspaceHits)
        families.counter("quran_redis_keyspace_misses_total", "The server's keyspace_misses.", server?.keyspaceMisses)
    }
}

extension MetricFamilies {
    fileprivate mutating func count(_ event: CacheEvent, _ count: Int, type: String) {
        switch event {
        case .memoryHit, .sharedHit:
            counter(
                "quran_cache_hits_total", "Fresh answers without a load, by tier and type.", count,
                ["tier": event == .memoryHit ? "memory" : "shared", "type": type])
        case .staleExpired, .staleUnconfirmed, .staleSourceDown:
            counter(
                "quran_cache_stale_total", "Stale answers, by reason and type.", count,
                ["reason": event.rest(after: "stale_"), "type": type])
        case .miss:
            counter("quran_cache_misses_total", "Answers that had to be loaded, by type.", count, ["type": type])
        case .coalesced:
            counter(
                "quran_cache_coalesced_total", "Answers that waited for another asker's load, by type.", count,
                ["type": type])
        case .failure:
            counter(
                "quran_cache_failures_total", "Loads that failed with nothing stale to serve, by type.", count,
                ["type": type])
        case .fill: counter("quran_cache_fills_total", "Entries that were stored, by type.", count, ["type": type])
        case .evictedForSpace, .evictedExpired, .evictedOutdated, .evictedOnRequest:
            counter(
                "quran_cache_evictions_total", "Entries that left memory, by reason and type.", count,
                ["reason": event.rest(after: "evicted_"), "type": type])
        }
    }
}

extension CacheEvent {
    fileprivate func rest(after prefix: String) -> String { String(rawValue.dropFirst(prefix.count)) }
}
