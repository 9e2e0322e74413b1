/// What browsers and caches on the way may keep of the content, and how they are told to drop it (RFC 9111, RFC 5861).
///
/// Nobody tells a browser, or a cache that is not purged, of a change: what they show is behind by as long as they may keep it. So
/// that is short, unless an operator who purges by tag makes it longer.
public struct HTTPCaching: Sendable {
    /// In which headers the tags of an answer are told.
    public enum TagHeader: String, Sendable, CaseIterable {
        /// Separated by spaces, as Fastly and Varnish have it.
        case surrogateKey = "surrogate-key"
        /// Separated by commas, as Cloudflare has it.
        case cacheTag = "cache-tag"
    }

    public let tagHeaders: Set<TagHeader>
    /// The value of `Cache-Control` of content.
    let content: String
    private let times: [(name: String, seconds: Int)]

    /// - Parameters:
    ///   - maxAge: how long browsers may keep content, in whole seconds.
    ///   - sharedMaxAge: how long caches that many share may.
    ///   - staleWhileRevalidate: how long after that they may still show it while they ask again.
    ///   - staleIfError: how long after that they may show it if they get no answer.
    public init(
        maxAge: Duration = .seconds(60), sharedMaxAge: Duration = .seconds(300),
        staleWhileRevalidate: Duration = .seconds(60), staleIfError: Duration = .seconds(24 * 3600),
        tagHeaders: Set<TagHeader> = Set(TagHeader.allCases)
    ) {
        self.tagHeaders = tagHeaders
        func seconds(_ time: Duration) -> Int { Int(time.components.seconds) }
        times = [("max-age", seconds(maxAge)), ("s-maxage", seconds(sharedMaxAge))]
        content = Self.value(
            times + [
                ("stale-while-revalidate", seconds(staleWhileRevalidate)), ("stale-if-error", seconds(staleIfError)),
            ])
    }

    /// The value of `Cache-Control` of content that is another one in some seconds.
    func content(for rest: Int) -> String { Self.value(times.map { ($0.name, min($0.seconds, rest)) }) }

    private static func value(_ times: [(name: String, seconds: Int)]) -> String {
        (["public"] + times.map { "\($0.name)=\($0.seconds)" }).joined(separator: ", ")
    }

    /// The value of `Cache-Control` of content that may be out of date: it is not shown again before it was asked for.
    static let stale = "public, no-cache"
}
