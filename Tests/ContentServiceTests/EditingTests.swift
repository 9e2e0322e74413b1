import Caching
import ContentService
import Foundation
import NIOCore
import Quran
import Storage
import Synchronization
import TestSupport
import Testing

@Suite struct `Published texts` {
    /// What subscribers were told.
    private final class Heard: Sendable {
        private let changes = Mutex<[ContentChange]>([])

        var all: [ContentChange] { changes.withLock { $0 } }

        func add(_ more: [ContentChange]) { changes.withLock { $0 += more } }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `reach subscribers as one change of their edition, however many ayahs they have`(
        engine: DatabaseEngine
    ) async throws {
        try await TestDatabase.with(engine, holding: .texts) { store in
            let system = try await ContentSystem(
                database: store.database, cacheCapacity: 1 << 20, logger: TestDatabase.logger)
            let heard = Heard()
            system.hooks.subscribe { heard.add($0) }
            let id = try #require(EditionID("en.pickthall"))
            let bytes = try Data(
                contentsOf: SyntheticContent.shared.folder.appending(path: "translations/nl.keyzer.txt"))
            let editor = ContentEditor(system)
            let draft = try await editor.upload(
                ByteBuffer(bytes: bytes), as: .plain, file: "new.txt", to: id, by: Editor(name: "editor"))
            await system.poller.poll()
            #expect(heard.all.isEmpty, "a draft is no change of the content")
            _ = try await editor.publishDraft(draft.number, replacing: false, by: Editor(name: "editor"))
            await system.poller.poll()
            #expect(Set(heard.all) == [.edition(.translation, id), .editions])
            #expect(heard.all.count == 2)
        }
    }
}
