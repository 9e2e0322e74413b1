import Caching
import ContentService
import HTTPTypes
import Hummingbird
import Logging

/// What operators see of the cache and do with it. It stands behind ``AdminsOnly``.
struct CacheRoutes {
    let operations: CacheOperations

    func add(to admin: some RouterMethods<UserRequestContext>) {
        admin.getOnly("cache/stats") { request, _ in
            _ = try Query(request, allowed: [])
            return .unstored(await operations.stats())
        }
        admin.resource(
            "cache/clear",
            [
                .post: { request, context in
                    _ = try Query(request, allowed: [])
                    let removed = try await operations.clear()
                    context.logger.notice("cache cleared")
                    return .unstored(removed)
                }
            ])
        admin.resource(
            "cache/invalidate",
            [
                .post: { request, context in
                    _ = try Query(request, allowed: [])
                    let target = try await CacheTarget(request.object(allowed: CacheTarget.members))
                    let done = try await operations.invalidate(target)
                    context.logger.notice("cache invalidated", metadata: ["target": "\(target)"])
                    return .unstored(done)
                }
            ])
        admin.resource(
            "cache/warm",
            [
                .post: { request, _ in
                    _ = try Query(request, allowed: [])
                    return .unstored(operations.warm(), .accepted)
                }
            ])
    }
}

extension CacheTarget {
    fileprivate static let members = ["pattern", "tag", "key"]

    /// - Parameter body: has exactly one of the members.
    fileprivate init(_ body: RequestObject) throws(Problem) {
        let given = Self.members.filter { body.has($0) }
        guard given.count == 1, let member = given.first else {
            let problem = given.isEmpty ? "names nothing" : "names several things"
            throw .invalidBody("#", problem, allowed: "one of \(Self.members.joined(separator: ", "))")
        }
        let (allowed, make): (String, (String) -> CacheTarget?) =
            switch member {
            case "tag":
                (
                    """
                    surah:2, surahs, structure, quran:ID, translation:ID, tafsir:ID, editions, reciter:ID, reciters, \
                    user:HASH, namespace:NAME or all
                    """, CacheTarget.tag(checking:)
                )
            case "pattern":
                ("\(CacheKey.prefix) and a glob: * is any run of characters, ? any one", CacheTarget.pattern(checking:))
            default: ("a whole key: \(CacheKey.prefix)TYPE:ID", CacheTarget.key(checking:))
            }
        self = try body.required(
            member, { name throws(Problem) in try body.value(name, allowed: allowed, as: make) }, allowed: allowed)
    }
}
