import Caching
import HTTPTypes
import NIOCore

extension CacheAnswer {
    /// What a response says of its body and of the cache: `Cache-Status` (RFC 9211), `Age` (RFC 9111) and the type.
    var headers: HTTPFields {
        var headers: HTTPFields = [.contentType: entry.contentType, .age: String(max(0, seconds(age)))]
        if let name = HTTPField.Name("Cache-Status") { headers[name] = status }
        return headers
    }

    private var status: String {
        var parameters = ["quran-backend"]
        switch source {
        case .loaded:
            parameters += ["fwd=miss", "stored"]
            if isCollapsed { parameters.append("collapsed") }
        case .memory, .shared:
            parameters.append("hit")
        }
        parameters.append("ttl=\(seconds(timeToLive))")
        if let staleness {
            parameters.append("detail=stale-\(staleness.rawValue)")
        } else if source != .loaded {
            parameters.append("detail=\(source == .memory ? "memory" : "redis")")
        }
        return parameters.joined(separator: "; ")
    }

    private func seconds(_ duration: Duration) -> Int64 { duration.components.seconds }
}
