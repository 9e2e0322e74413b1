import Caching
import Foundation
import JSON
import NIOCore
import Quran
import Storage

extension ContentChange {
    /// What a change is called where it is told to other systems; `nil` for what is private or internal.
    private var subject: (kind: String, id: String?)? {
        switch self {
        case .surah(let number): ("surah", "\(number)")
        case .surahs: ("surahs", nil)
        case .structure: ("structure", nil)
        case .edition(let kind, let id): (kind.rawValue, id.name)
        case .editions: ("editions", nil)
        case .reciter(let id): ("reciter", id.name)
        case .reciters: ("reciters", nil)
        case .everything: ("everything", nil)
        case .user, .namespace: nil
        }
    }

    /// The kinds of changes of which some are told.
    static let toldKinds = Set(Kind.allCases).subtracting([.user])

    /// The body of a webhook: `{"type": "translation.changed", "timestamp": …, "data": {kind, id, tag, version}}`.
    ///
    /// - Returns: `nil` for a tag that nobody is told of.
    static func message(tag: String, version: Int64?, at date: Date) -> String? {
        guard let subject = ContentChange(CacheTag(tag))?.subject else { return nil }
        var json = JSONWriter()
        json.object { json in
            json.member("type", "\(subject.kind).changed")
            json.member("timestamp", timestamp(date))
            json.key("data")
            json.object { json in
                json.member("kind", subject.kind)
                json.member("id", subject.id)
                json.member("tag", tag)
                json.member("version", version.map { Int($0) })
            }
        }
        return String(buffer: json.buffer)
    }
}
