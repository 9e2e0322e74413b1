import Caching
import ContentService
import HTTPTypes
import Hummingbird
import JSON
import Storage

/// Whether the server can serve, for load balancers and operators: 200, or 503 when it can't. Never cached.
struct HealthRoute {
    let check: HealthCheck
    let started = ContinuousClock.now

    func add(to api: some RouterMethods<APIRequestContext>) {
        api.getOnly("health") { request, _ in
            _ = try Query(request, allowed: [])
            return response(await check.health())
        }
    }

    private func response(_ health: ContentHealth) -> Response {
        var json = JSONWriter()
        json.object { json in
            json.member("status", health.status.rawValue)
            json.member("version", ContentService.version)
            json.member("uptime_seconds", Int((ContinuousClock.now - started).components.seconds))
            json.key("components")
            json.object { json in
                json.key("database")
                json.object { json in
                    write(health.database, to: &json)
                    json.member("engine", health.engine.rawValue)
                }
                json.key("cache")
                json.object { json in
                    write(health.cache, to: &json)
                    json.member("entries", health.cacheStatistics.entries)
                    json.member("bytes", health.cacheStatistics.bytes)
                    json.member("capacity_bytes", health.cacheStatistics.capacity)
                    json.member("hit_percent", health.cacheStatistics.total.hitRatio.map { Int($0 * 100) })
                    json.member("shared_tier", health.cacheStatistics.sharedTierState)
                    json.member(
                        "confirmed_milliseconds_ago", health.cacheStatistics.feedLag.map { Int($0 / .milliseconds(1)) })
                }
                json.key("content")
                json.object { json in
                    write(health.content, to: &json)
                    json.member("digest", health.digest)
                }
            }
        }
        let status: HTTPResponse.Status = health.status == .unavailable ? .serviceUnavailable : .ok
        return .unstored(json.buffer, status)
    }

    private func write(_ component: ContentHealth.Component, to json: inout JSONWriter) {
        json.member("status", component.status.rawValue)
        json.member("detail", component.detail)
        json.member("latency_microseconds", component.latency.map { Int($0 / .microseconds(1)) })
    }
}
