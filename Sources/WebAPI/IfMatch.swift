import Foundation
import HTTPTypes
import Hummingbird

/// What `If-Match` asks for (RFC 9110, section 13.1.1).
enum IfMatch: Hashable {
    case anything
    /// One of these, without their quotes; weak ones, which never match, are left out.
    case tags([String])
}

extension Request {
    /// - Returns: `nil` if the header is not there.
    /// - Throws: ``Problem`` if it is malformed; an empty one is.
    func ifMatch() throws(Problem) -> IfMatch? {
        let values = headers[values: .ifMatch]
        guard !values.isEmpty else { return nil }
        let text = values.joined(separator: ",").trimmingCharacters(in: .whitespaces)
        if text == "*" { return .anything }
        var tags: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let tag = part.trimmingCharacters(in: .whitespaces)
            let isWeak = tag.hasPrefix("W/")
            let opaque = isWeak ? tag.dropFirst(2) : tag[...]
            guard opaque.utf8.count >= 2, opaque.hasPrefix("\""), opaque.hasSuffix("\""),
                !opaque.dropFirst().dropLast().contains("\"")
            else { throw .invalidHeader("If-Match", "is malformed", allowed: "“*”, or entity tags in quotes") }
            if !isWeak { tags.append(String(opaque.dropFirst().dropLast())) }
        }
        return .tags(tags)
    }
}
