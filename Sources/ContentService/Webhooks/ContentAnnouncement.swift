public import Foundation
public import Quran
public import Storage
public import Webhooks

/// A change that another system says there was, of content that answers here are made of.
public enum ContentAnnouncement: Hashable, Sendable {
    /// What may be announced.
    public enum Subject: String, Sendable, CaseIterable {
        case surah, translation, reciter, edition

        /// - Parameter type: `surah.updated`, `translation.deleted` and the like.
        public init?(type: String) {
            let parts = type.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let subject = Self(rawValue: parts[0]), Self.verbs.contains(parts[1]) else {
                return nil
            }
            self = subject
        }

        /// Every type that is known.
        public static var types: [String] {
            allCases.flatMap { subject in verbs.map { "\(subject.rawValue).\($0)" } }
        }

        private static let verbs = ["created", "updated", "deleted"]
    }

    case surah(SurahNumber)
    case translation(EditionID)
    case reciter(ReciterID)
    /// Without a kind, an edition of any.
    case edition(EditionID, Edition.Kind?)

    /// What the announcement outdates, and nothing else.
    public var tags: Set<ContentTag> {
        switch self {
        case .surah(let number): [.surah(number), .surahs]
        case .translation(let id): [.edition(.translation, id), .editions]
        case .reciter(let id): [.reciter(id), .reciters]
        case .edition(let id, let kind?): [.edition(kind, id), .editions]
        case .edition(let id, nil): Set(Edition.Kind.allCases.map { .edition($0, id) } + [.editions])
        }
    }
}

extension ContentSystem {
    /// Outdates, in every instance, what was made of the content that a webhook announces; once for each webhook.
    ///
    /// - Returns: the names of the tags that it raised, now or when it came first.
    /// - Throws: as ``write(deadline:_:)``.
    public func take(
        _ webhook: WebhookVerifier.Webhook, announcing announcement: ContentAnnouncement, at now: Date = .now
    ) async throws -> [String] {
        let engine = service.database.engine
        return try await write { sql in
            try WebhookReceipts.take(
                webhook.id, expires: webhook.expires, raising: announcement.tags, at: now, engine: engine, sql)
        }
    }
}
