import Foundation
import HTTPTypes
import Hummingbird

/// Which pages of other origins may read what the API answers (the Fetch standard's CORS protocol). Credentials of the browser's are never
/// let in: tokens are sent by pages that have them.
public struct CORSPolicy: Sendable, Hashable {
    enum Origins: Sendable, Hashable {
        /// Nothing was said: all may read what is public.
        case standard
        case none, all
        case listed(Set<String>)
    }

    let origins: Origins

    public init() { origins = .standard }

    /// - Parameter text: `*`, `none`, or origins as browsers send them (`https://app.example.org`), separated by spaces or
    ///   commas.
    public init?(_ text: String) {
        let parts = text.split { $0 == "," || $0 == " " }.map(String.init)
        switch parts {
        case ["*"]: origins = .all
        case ["none"]: origins = .none
        default:
            guard !parts.isEmpty, parts.allSatisfy(Self.isOrigin) else { return nil }
            origins = .listed(Set(parts))
        }
    }

    /// Whether it is a scheme, a host in lower case and perhaps a port, without a path.
    private static func isOrigin(_ text: String) -> Bool {
        guard let scheme = text.range(of: "://") else { return false }
        let rest = text[scheme.upperBound...]
        return ["http", "https"].contains(text[..<scheme.lowerBound]) && !rest.isEmpty
            && rest.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: Array(".-:[]".utf8).contains(byte)
                }
            }
    }

    /// What is asked for.
    enum Area { case content, users, admins, others }

    /// What a browser is told.
    struct Grant: Equatable {
        /// `nil` keeps pages from reading the answer.
        let allowed: String?
        /// Whether another origin would be told something else.
        let depends: Bool
    }

    func grant(_ area: Area, to origin: String?) -> Grant {
        switch (origins, area) {
        case (_, .others), (.none, _), (.standard, .users), (.standard, .admins), (.all, .admins):
            Grant(allowed: nil, depends: false)
        case (.standard, .content), (.all, .content), (.all, .users): Grant(allowed: "*", depends: false)
        case (.listed(let list), _): Grant(allowed: origin.flatMap { list.contains($0) ? $0 : nil }, depends: true)
        }
    }
}

extension Request {
    /// Whether a browser asks if a page may send a request. It carries no token, and wants none.
    var isPreflight: Bool {
        method == .options && headers[.origin] != nil && headers[.accessControlRequestMethod] != nil
    }
}

/// Tells browsers which pages may read an answer, errors among them, and what they may send.
///
/// It stands before everything that makes answers. A preflight goes the way of every request to the address's own `OPTIONS`, past the
/// check of tokens, so the methods that it is told are those of the address.
struct CORSMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    let policy: CORSPolicy

    private static let requestHeaders =
        "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-Id, "
        + "traceparent, tracestate, sentry-trace, baggage"
    fileprivate static let responseHeaders =
        "ETag, Location, Allow, WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Age, Cache-Status"

    @concurrent
    func handle(
        _ request: Request, context: APIRequestContext,
        next: @concurrent (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        let grant = policy.grant(Self.area(request, context), to: request.headers[.origin])
        if grant.depends { response.headers.addVary("Origin") }
        guard request.headers[.origin] != nil || !grant.depends, let allowed = grant.allowed else { return response }
        response.headers[.accessControlAllowOrigin] = allowed
        if request.isPreflight, let methods = response.headers[.allow] {
            response.headers[.accessControlAllowMethods] = methods
            response.headers[.accessControlAllowHeaders] = Self.requestHeaders
            response.headers[.accessControlMaxAge] = "7200"
        } else {
            response.headers[.accessControlExposeHeaders] = Self.responseHeaders
        }
        return response
    }

    /// By the address as the router has it, so no way of writing an address changes its area; what the router does not know by
    /// how it begins.
    private static func area(_ request: Request, _ context: APIRequestContext) -> CORSPolicy.Area {
        var path = context.endpointPath ?? ""
        if !path.hasPrefix("/") { path = request.uri.path }
        let parts = path.split(separator: "/")
        guard parts.starts(with: ["api", "v1"]) else { return parts.first == "metrics" ? .admins : .content }
        switch parts.dropFirst(2).first {
        case "me": return .users
        case "admin": return .admins
        case "webhooks": return .others
        default: return .content
        }
    }
}

extension CORSPolicy {
    private static let allowOrigin = FieldName(.accessControlAllowOrigin)
    private static let exposeHeaders = FieldName(.accessControlExposeHeaders)

    /// Whether content has other headers for other origins.
    var dependsOnOrigin: Bool { grant(.content, to: nil).depends }

    /// Writes what the middleware says of an answer to a GET, but for `Vary`.
    func write(to fields: inout some FieldWriter, area: Area, origin: String?) {
        let grant = grant(area, to: origin)
        guard origin != nil || !grant.depends, let allowed = grant.allowed else { return }
        fields.field(Self.allowOrigin, allowed)
        fields.field(Self.exposeHeaders, CORSMiddleware.responseHeaders)
    }
}

extension HTTPFields {
    fileprivate mutating func addVary(_ name: String) {
        self[.vary] = self[.vary].map { "\($0), \(name)" } ?? name
    }
}
