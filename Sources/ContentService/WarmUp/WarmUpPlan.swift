import Crypto
import Foundation
public import Quran
import Storage

/// What is made ready before anyone asks for it, what is asked for most first.
public struct WarmUpPlan: Sendable {
    /// An answer, and how it is asked for.
    struct Item: Sendable {
        let name: String
        let read: @Sendable (ContentService) async throws -> ContentService.Answer
    }

    let items: [Item]
    /// The sets that were asked for and have a translation that is not loaded.
    let unknownSets: [[EditionID]]

    /// How many keys there are.
    public var count: Int { items.count }

    /// Of the names, in their order.
    var digest: String { SHA256.hash(data: Data(items.map(\.name).joined(separator: "\n").utf8)).hexadecimal }

    /// The surahs that people open most.
    static let popularSurahs = [1, 2, 18, 36, 55, 56, 67] + Array(78...114)

    /// How much is made ready.
    public enum Scope: String, Sendable, CaseIterable {
        /// The lists, and the surahs that people open most.
        case popular
        /// Every address of the content without options, and every surah with its translations. Not the audio of surahs: there
        /// are too many recitations, and it is made without reading texts.
        case all
    }

    /// - Parameters:
    ///   - translations: sets of translations beside which each surah is made ready; by default each that is loaded, by
    ///     itself. One that is not loaded is left out with its set.
    /// - Throws: `StorageError`.
    public init(
        for service: ContentService, scope: Scope = .all, translations: [[EditionID]]? = nil
    ) async throws {
        let (editions, reciters) = try await service.database.snapshot { reader in
            (try EditionRepository(reader).editions(), try ReciterRepository(reader).reciters())
        }.value
        let loaded = editions.filter { $0.content != nil }.map(\.edition)
        let ids = Set(loaded.map(\.id))
        let known = loaded.filter { $0.kind == .translation }.map(\.id)
        let sets = translations?.filter { Set(known).isSuperset(of: $0) } ?? known.map { [$0] }
        unknownSets = translations?.filter { !Set(known).isSuperset(of: $0) } ?? []
        let popular = Self.popularSurahs.compactMap(SurahNumber.init)
        let rest = SurahNumber.all.filter { !popular.contains($0) }
        // Without a text there is nothing but the catalogue.
        let hasText = ids.contains(TextOptions().script)

        var items = hasText ? Self.surahs(popular, with: [[]]) : []
        items += Self.lists
        if hasText { items += Self.surahs(popular, with: sets) }
        guard scope == .all else {
            self.items = items
            return
        }
        if hasText {
            items += Self.surahs(rest, with: [[]]) + Self.surahs(rest, with: sets)
            for kind in DivisionKind.allCases { items += Self.parts(of: kind) }
        }
        items += editions.flatMap { Self.edition($0.edition) }
        items += reciters.map { reciter in Item(name: "reciter \(reciter.id)") { try await $0.reciter(reciter.id) } }
        if hasText {
            items += (1...AyahNumber.count).compactMap(AyahNumber.init).map { ayah in
                Item(name: "ayah \(ayah)") { try await $0.ayah(ayah) }
            }
        }
        self.items = items
    }

    private static func surahs(_ surahs: [SurahNumber], with sets: [[EditionID]]) -> [Item] {
        sets.flatMap { set in
            surahs.map { surah in
                Item(name: "surah \(surah) \(set.map(\.name).joined(separator: ","))") {
                    try await $0.surah(surah, options: TextOptions(translations: set))
                }
            }
        }
    }

    private static let lists: [Item] =
        [
            Item(name: "reciters") { try await $0.reciters() },
            Item(name: "translations") { try await $0.editions(kind: .translation) },
            Item(name: "editions") { try await $0.editions() },
            Item(name: "tafsirs") { try await $0.editions(kind: .tafsir) },
            Item(name: "surahs") { try await $0.surahs() },
            Item(name: "sajdas") { try await $0.sajdas() },
            Item(name: "meta") { try await $0.meta() },
        ]
        + DivisionKind.allCases.map { kind in Item(name: "\(kind.pluralName)") { try await $0.divisions(of: kind) } }

    private static func parts(of kind: DivisionKind) -> [Item] {
        (1...kind.count).map { part in
            Item(name: "\(kind.rawValue) \(part)") { service in
                guard let answer = try await service.division(kind, part: part) else {
                    throw ContentServiceError.unreadable
                }
                return answer
            }
        }
    }

    private static func edition(_ edition: Edition) -> [Item] {
        let own: Edition.Kind? = edition.kind == .quran ? nil : edition.kind
        return [Item(name: "edition \(edition.id)") { try await $0.edition(edition.id) }]
            + (own.map { kind in
                [Item(name: "\(kind.rawValue) \(edition.id)") { try await $0.edition(edition.id, kind: kind) }]
            } ?? [])
    }
}
