/// What browsers and caches on the way may keep of the content, and how they are told to drop it (RFC 9111, RFC 5861).
///
/// Nobody tells a browser, or a cache that is not purged, of a change: what they show is behind by as long as they may keep it. So
/// that is short, unless an operator who purges by tag makes it longer.
public struct HTTPCaching: Sendable, Hashable {
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
        let times = [
            ("max-age", maxAge), ("s-maxage", sharedMaxAge), ("stale-while-revalidate", staleWhileRevalidate),
            ("stale-if-error", staleIfError),
        ]
        content = (["public"] + times.map { "\($0)=\($1.components.seconds)" }).joined(separator: ", ")
    }

    /// The value of `Cache-Control` of content that may be out of date: it is not shown again before it was asked for.
    static let stale = "public, no-cache"
}
