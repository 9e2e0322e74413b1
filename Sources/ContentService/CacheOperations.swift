public import Caching
package import JSON
public import NIOCore
import Storage

/// What of the cache is to be made new.
public enum CacheTarget: Sendable, Hashable {
    /// All that was made of something, in every instance.
    case tag(CacheTag)
    /// Entries whose keys match a glob, in the shared tier and in every instance that is reached.
    case pattern(String)
    /// One entry likewise, by its whole key.
    case key(String)

    /// - Returns: `nil` for what `CacheKey.isPattern` refuses.
    public static func pattern(checking text: String) -> Self? { CacheKey.isPattern(text) ? .pattern(text) : nil }
    public static func key(checking text: String) -> Self? { CacheKey.isPattern(text) ? .key(text) : nil }

    /// - Returns: `nil` for a tag that names nothing.
    public static func tag(checking text: String) -> Self? {
        let tag = CacheTag(text)
        return text.utf8.count <= 500 && ContentChange(tag) != nil ? .tag(tag) : nil
    }
}

/// What operators see of the cache and do with it; the answers are JSON, for the API as for commands.
public struct CacheOperations: Sendable {
    private let system: ContentSystem
    private let statistics: SharedStatistics?
    private let warmUp: WarmUp?

    /// - Parameters:
    ///   - statistics: those of all instances, if they share a tier.
    ///   - warmUp: that of this instance; `nil` where nothing is served.
    public init(_ system: ContentSystem, statistics: SharedStatistics?, warmUp: WarmUp?) {
        self.system = system
        self.statistics = statistics
        self.warmUp = warmUp
    }

    /// `{"memory", "shared_tier", …, "instance", "cluster_today", "warm_up"}`; without what belongs to an instance where
    /// nothing is served.
    public func stats() async -> ByteBuffer {
        let own = system.cache.statistics
        let today = await statistics?.counters()?.values.reduce(CacheStatistics.Counters(), +)
        return .object { json in
            if let warmUp {
                own.write(to: &json)
                warmUp.write(to: &json)
            }
            json.member("shared_tier", own.sharedTierState)
            system.service.namespaces.lifetimes.write(to: &json)
            json.key("cluster_today")
            if let today { json.object { today.write(to: &$0) } } else { json.null() }
        }
    }

    /// Empties the cache of every instance: `{"removed": {"memory", "shared"}}`.
    ///
    /// - Throws: as `CacheManager.clear()`.
    public func clear() async throws -> ByteBuffer {
        let removed = try await system.clearCache()
        return .object { $0.write(removed: removed) }
    }

    /// `{"tag"}`, or `{"pattern" or "key", "removed": {"memory", "shared"}}`.
    ///
    /// - Throws: as `CacheManager.invalidate(_:)`.
    public func invalidate(_ target: CacheTarget) async throws -> ByteBuffer {
        switch target {
        case .tag(let tag):
            try await system.invalidate(tag)
            return .object { $0.member("tag", tag.description) }
        case .pattern(let pattern):
            let removed = await system.removeEntries(matching: pattern)
            return .object { json in
                json.member("pattern", pattern)
                json.write(removed: removed)
            }
        case .key(let key):
            let removed = await system.removeEntries(matching: GlobPattern.escaping(key))
            return .object { json in
                json.member("key", key)
                json.write(removed: removed)
            }
        }
    }

    /// Has the cache warmed in the background: `{"request", "warm_up"}`. The request is done when `last_requested`
    /// names it or a later one.
    public func warm() -> ByteBuffer {
        let number = warmUp?.request()
        return .object { json in
            json.member("request", number)
            warmUp?.write(to: &json)
        }
    }
}

extension CacheLifetimes {
    /// The member `lifetimes`, in seconds.
    fileprivate func write(to json: inout JSONWriter) {
        json.key("lifetimes")
        json.object { json in
            for (name, duration) in [
                ("quran" as StaticString, quran), ("reciters", reciters), ("editions", editions), ("search", search),
                ("user", user), ("negative", negative), ("stale", stale),
            ] {
                json.member(name, Int(duration.components.seconds))
            }
        }
    }
}

extension ByteBuffer {
    fileprivate static func object(_ members: (inout JSONWriter) -> Void) -> ByteBuffer {
        var json = JSONWriter()
        json.object(members)
        return json.buffer
    }
}

extension JSONWriter {
    fileprivate mutating func write(removed: (memory: Int, shared: Int?)) {
        key("removed")
        object { json in
            json.member("memory", removed.memory)
            json.member("shared", removed.shared)
        }
    }
}

extension CacheStatistics {
    /// The members `memory` and `instance`, and how the instance stands to its source.
    fileprivate func write(to json: inout JSONWriter) {
        json.key("memory")
        json.object { json in
            json.member("entries", entries)
            json.member("bytes", bytes)
            json.member("capacity_bytes", capacity)
        }
        json.member("confirmed_milliseconds_ago", feedLag.map { Int($0 / .milliseconds(1)) })
        json.member("waiting_loads", waitingLoads)
        json.key("instance")
        json.object { json in
            total.write(to: &json)
            json.key("types")
            json.object { json in
                for namespace in byNamespace.keys.sorted(by: { $0.name < $1.name }) {
                    json.key(namespace.name)
                    json.object { json in
                        json.member("entries", memoryByNamespace[namespace]?.entries ?? 0)
                        json.member("bytes", memoryByNamespace[namespace]?.bytes ?? 0)
                        byNamespace[namespace]?.write(to: &json)
                    }
                }
            }
        }
    }
}

extension CacheStatistics.Counters {
    fileprivate func write(to json: inout JSONWriter) {
        json.key("hit_ratio")
        if let hitRatio { json.value((hitRatio * 10000).rounded() / 10000) } else { json.null() }
        json.member("hits", hits)
        json.member("stale", stale)
        json.member("misses", misses)
        json.key("events")
        json.object { json in
            for event in CacheEvent.allCases where self[event] != 0 {
                json.key(event.rawValue)
                json.value(self[event])
            }
        }
    }
}

extension WarmUp {
    /// The member `warm_up`.
    fileprivate func write(to json: inout JSONWriter) {
        let (current, last, lastRequested) = reports
        json.key("warm_up")
        json.object { json in
            json.member("instance", instance)
            json.member("next_scheduled", nextScheduled.map { timestamp($0) })
            json.key("running")
            if let current { json.object { current.write(to: &$0) } } else { json.null() }
            json.key("last")
            if let last { json.object { last.write(to: &$0) } } else { json.null() }
            json.key("last_requested")
            if let lastRequested { json.object { lastRequested.write(to: &$0) } } else { json.null() }
        }
    }
}

extension WarmUp.Report {
    /// The members of a report.
    package func write(to json: inout JSONWriter) {
        json.member("reason", reason.rawValue)
        json.member("request", request)
        json.member("started_at", timestamp(startedAt))
        json.member("keys", progress.position)
        json.member("of", total)
        json.member("loaded", progress.loaded)
        json.member("failed", progress.failed)
        json.member("left", left)
        json.member("bytes", progress.bytes)
        json.member("milliseconds", duration.map { Int($0 / .milliseconds(1)) })
        json.member("interrupted_by", interruption)
    }
}
