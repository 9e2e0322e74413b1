import Configuration
import WebAPI

/// What browsers and caches on the way are told of content, and whether what is cached takes the lane.
struct HTTPCachingSettings: Sendable {
    let caching: HTTPCaching
    let usesLane: Bool

    /// - Parameter reader: its keys are `http.max.age` (60), `http.shared.max.age` (300), `http.stale.while.revalidate` (60),
    ///   `http.stale.if.error` (86400), in seconds; `http.tag.headers` (`surrogate-key cache-tag`), or `none`; `hit.lane` (`on`).
    /// - Throws: ``Failure`` that names the variable and what it may be.
    init(reader: ConfigReader) throws {
        func seconds(_ key: ConfigKey, _ name: String, default value: Int) throws -> Duration {
            guard let text = reader.string(forKey: key) else { return .seconds(value) }
            guard let number = Int(text), (0...31_536_000).contains(number) else {
                throw Failure(.badConfiguration, "\(name) must be a number of seconds from 0 to 31536000")
            }
            return .seconds(number)
        }
        let names = reader.string(forKey: "http.tag.headers", default: "surrogate-key cache-tag")
            .split { $0 == " " || $0 == "," }.map { $0.lowercased() }
        let headers = names.compactMap { HTTPCaching.TagHeader(rawValue: $0) }
        guard names == ["none"] || !headers.isEmpty && headers.count == names.count else {
            throw Failure(.badConfiguration, "HTTP_TAG_HEADERS must be surrogate-key, cache-tag, both or none")
        }
        caching = HTTPCaching(
            maxAge: try seconds("http.max.age", "HTTP_MAX_AGE", default: 60),
            sharedMaxAge: try seconds("http.shared.max.age", "HTTP_SHARED_MAX_AGE", default: 300),
            staleWhileRevalidate: try seconds(
                "http.stale.while.revalidate", "HTTP_STALE_WHILE_REVALIDATE", default: 60),
            staleIfError: try seconds("http.stale.if.error", "HTTP_STALE_IF_ERROR", default: 86_400),
            tagHeaders: Set(headers))
        switch reader.string(forKey: "hit.lane", default: "on") {
        case "on": usesLane = true
        case "off": usesLane = false
        default: throw Failure(.badConfiguration, "HIT_LANE must be on or off")
        }
    }
}
