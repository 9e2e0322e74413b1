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
        var rest = text[...]
        repeat {
            let isWeak = rest.hasPrefix("W/")
            let quoted = isWeak ? rest.dropFirst(2) : rest
            // A comma may stand in a tag.
            let parts = quoted.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].isEmpty else { throw Self.malformedIfMatch }
            if !isWeak { tags.append(String(parts[1])) }
            rest = parts[2].trimmingPrefix { $0 == " " || $0 == "\t" }
            guard let comma = rest.first else { break }
            guard comma == "," else { throw Self.malformedIfMatch }
            rest = rest.dropFirst().trimmingPrefix { $0 == " " || $0 == "\t" }
        } while true
        return .tags(tags)
    }

    private static var malformedIfMatch: Problem {
        .invalidHeader("If-Match", "is malformed", allowed: "“*”, or entity tags in quotes")
    }
}
