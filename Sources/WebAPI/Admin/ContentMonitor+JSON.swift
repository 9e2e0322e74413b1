import Caching
import ContentService
import Foundation
import JSON
import Observability
import Redis
import Storage

extension ContentMonitor.Summary {
    func write(to json: inout JSONWriter, requests: RequestMetrics, alerts: AlertWatch) {
        json.object { json in
            json.member("version", ContentService.version)
            json.member("uptime_seconds", Int(uptime.components.seconds))
            json.key("requests")
            json.object { json in
                let totals = requests.totals
                json.member("total", totals.requests)
                json.member("server_errors", totals.serverErrors)
                json.member("in_flight", requests.inFlight)
            }
            json.key("cache")
            writeCache(to: &json)
            json.key("database")
            writeDatabase(to: &json)
            json.key("redis")
            writeRedis(to: &json)
            json.key("process")
            writeProcess(to: &json)
            json.key("alerts")
            json.object { json in
                json.key("active")
                json.array(alerts.active) { $1.write(to: &$0) }
                json.key("recent")
                json.array(alerts.recent.reversed()) { $1.write(to: &$0) }
            }
        }
    }

    private func writeCache(to json: inout JSONWriter) {
        json.object { json in
            json.member("hit_ratio", cache.total.hitRatio)
            json.member("cluster_hit_ratio_today", cluster?.hitRatio)
            json.member("cluster_answers_today", cluster?.answers)
            json.member("entries", cache.entries)
            json.member("bytes", cache.bytes)
            json.member("capacity_bytes", cache.capacity)
            json.member("waiting_loads", cache.waitingLoads)
            json.member("shared_tier", cache.sharedTierState)
            json.member("confirmed_seconds_ago", cache.feedLag.map { $0 / .seconds(1) })
        }
    }

    private func writeDatabase(to json: inout JSONWriter) {
        json.object { json in
            json.member("engine", engine.rawValue)
            json.member("connections", database.pool?.open)
            json.member("running", database.pool?.running)
            json.member("waiting", database.pool?.waiting)
            json.member("file_bytes", database.fileBytes)
            json.member("wal_bytes", database.logBytes)
        }
    }

    private func writeRedis(to json: inout JSONWriter) {
        guard let redis else { return json.null() }
        json.object { json in
            json.member("connections", redis.connections)
            json.member("connected", redis.connected)
            json.member("pending", redis.pending)
            json.member("memory_bytes", redisMemory?.usedBytes)
            json.member("memory_limit_bytes", redisMemory?.limitBytes)
            json.member("evicted_keys", redisMemory?.evictedKeys)
        }
    }

    private func writeProcess(to json: inout JSONWriter) {
        guard let process else { return json.null() }
        json.object { json in
            json.member("resident_bytes", process.residentBytes)
            json.member("processor_seconds", process.processorTime / .seconds(1))
            json.member("threads", process.threads)
            json.member("open_descriptors", process.openDescriptors)
        }
    }
}

extension AlertEvent {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("alert", name)
            json.member("event", kind.rawValue)
            json.member("summary", summary)
            json.member("value", value)
            json.member("threshold", threshold)
            json.member("time", timestamp(Date(timeIntervalSince1970: Double(time) / 1000)))
        }
    }
}
