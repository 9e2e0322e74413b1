public import NIOCore
public import Quran
public import Storage

extension ContentEditor {
    /// `{"editions": […], "pagination": {…}}`, whatever their status.
    public func editions(page request: PageRequest) async throws -> Representation {
        try await read { sql in
            let reader = ContentReader(sql)
            let editions = try EditionRepository(reader, statuses: Edition.Status.allCases).editions()
            let page = try Page(request, of: editions.count)
            return Representation("editions", Array(editions[page.rows]), page: page) { $1.writeForEditors(to: &$0) }
        }
    }

    /// `{"edition": {…}}`.
    public func edition(_ id: EditionID) async throws -> Representation {
        try await representation(EditionState.self, id)
    }

    /// Makes a draft of an edition.
    ///
    /// - Throws: ``EditError`` (`protected`, `exists`).
    public func create(_ edition: Edition, by editor: Editor) async throws -> Representation {
        guard edition.kind != .quran else { throw EditError.protected(edition.id) }
        return try await create(EditionState(edition, .draft), edition.id, by: editor)
    }

    /// - Parameter make: gets the edition that is there; what it throws is passed on.
    public func updateEdition(
        _ id: EditionID, by editor: Editor, _ make: @escaping @Sendable (Edition) throws -> Edition
    ) async throws -> Representation {
        try await update(id, by: editor) { (old: EditionState, sql) in
            let new = EditionState(try make(old.edition), old.status)
            if new.status == .published { try requireComplete(new.edition) }
            return new
        }
    }

    /// Lets everybody see an edition.
    ///
    /// - Throws: ``EditError`` (`incomplete`).
    public func publishEdition(_ id: EditionID, by editor: Editor) async throws -> Representation {
        try await update(id, .publish, by: editor) { (old: EditionState, sql) in
            guard old.status != .published else { return old }
            try requirePublishable(old, sql)
            return EditionState(old.edition, .published)
        }
    }

    /// Takes an edition out of sight.
    ///
    /// - Throws: ``EditError`` (`conflict`) for one that was never published.
    public func withdrawEdition(_ id: EditionID, by editor: Editor) async throws -> Representation {
        try await update(id, .withdraw, by: editor) { (old: EditionState, _) in
            guard old.status != .draft else { throw EditError.conflict("“\(id)” is a draft: nobody sees it yet") }
            return EditionState(old.edition, .withdrawn)
        }
    }

    /// `{"ayah": {"edition", "key", "text"}}`.
    public func ayah(_ number: AyahNumber, of id: EditionID) async throws -> Representation {
        try await representation(AyahState.self, AyahOfEdition(id, structure.key(of: number)))
    }

    /// Corrects one text of a translation or tafsir.
    ///
    /// - Parameter text: one without defect, see `AyahText`.
    public func correct(
        _ number: AyahNumber, of id: EditionID, to text: String, by editor: Editor
    ) async throws -> Representation {
        try await update(AyahOfEdition(id, structure.key(of: number)), by: editor) { (_: AyahState, _) in
            AyahState(text)
        }
    }
}

/// - Throws: ``EditError`` (`incomplete`).
func requirePublishable(_ state: EditionState, _ sql: any SQLReader) throws {
    try requireComplete(state.edition)
    let id = state.edition.id
    guard try EditionState.stored(id, sql)?.content != nil else { throw EditError.incomplete(id, lacks: ["text"]) }
}

private func requireComplete(_ edition: Edition) throws(EditError) {
    let texts = ["licence": edition.licence, "source": edition.source, "attribution": edition.attribution]
    let lacks = texts.filter { $0.value.isEmpty }.keys.sorted()
    guard lacks.isEmpty else { throw EditError.incomplete(edition.id, lacks: lacks) }
}

// MARK: Drafts of texts

extension ContentEditor {
    /// Reads a file and keeps it as a draft.
    ///
    /// - Parameter file: its name.
    /// - Returns: `{"draft": {…}}`, and its number.
    /// - Throws: `ContentError` if it is no complete text; nothing is kept then.
    public func upload(
        _ bytes: ByteBuffer, as format: TextFormat, file: String, to id: EditionID, by editor: Editor
    ) async throws -> (representation: Representation, number: Int) {
        _ = try await read { try Self.editable(id, $0) }
        let structure = structure
        let text = try await Self.parse(bytes, as: format, file: file, structure: structure)
        return try await write(wholeText: true) { sql in
            let edition = try Self.editable(id, sql)
            let number = try DraftRepository.add(
                text, file: file, to: edition, by: editor.name, structure: structure, sql)
            return (try Self.draft(number, sql).representation, number)
        }
    }

    /// `{"drafts": […], "pagination": {…}}`, the newest first.
    public func drafts(of id: EditionID, page request: PageRequest) async throws -> Representation {
        try await read { sql in
            _ = try Self.stored(id, sql)
            let drafts = try DraftRepository.drafts(of: id, sql)
            let page = try Page(request, of: drafts.count)
            return Representation("drafts", Array(drafts[page.rows]), page: page) { $1.write(to: &$0) }
        }
    }

    /// `{"draft": {…}}`.
    public func draft(_ number: Int) async throws -> Representation {
        try await read { try Self.draft(number, $0).representation }
    }

    public func removeDraft(_ number: Int, by editor: Editor) async throws {
        try await write { sql in
            let draft = try Self.draft(number, sql)
            try editor.condition.check(draft.representation)
            try DraftRepository.remove(draft, by: editor.name, sql)
        }
    }

    /// Replaces the text of the draft's edition, in one change; the draft is gone then.
    ///
    /// - Parameter replacing: also if the text that the draft was compared with has changed.
    /// - Returns: the edition.
    /// - Throws: ``EditError`` (`outdatedDraft`).
    public func publishDraft(_ number: Int, replacing: Bool, by editor: Editor) async throws -> Representation {
        try await write(wholeText: true) { sql in
            let draft = try Self.draft(number, sql)
            _ = try Self.editable(draft.edition, sql)
            try editor.condition.check(draft.representation)
            guard draft.isCurrent || replacing else { throw EditError.outdatedDraft(number) }
            try DraftRepository.publish(draft, by: editor.name, sql)
            guard let edition = try EditionState.representation(of: draft.edition, sql) else {
                throw EditError.notFound(EditionState.absence(of: draft.edition))
            }
            return edition
        }
    }

    private static func draft(_ number: Int, _ sql: any SQLReader) throws -> Draft {
        guard let draft = try DraftRepository.draft(number, sql) else {
            throw EditError.notFound("there is no draft \(number)")
        }
        return draft
    }

    private static func stored(_ id: EditionID, _ sql: any SQLReader) throws -> Edition {
        guard let stored = try EditionState.stored(id, sql) else {
            throw EditError.notFound(EditionState.absence(of: id))
        }
        return stored.edition
    }

    private static func editable(_ id: EditionID, _ sql: any SQLReader) throws -> Edition {
        try EditionState.requireEditable(id, sql)
        return try stored(id, sql)
    }

    @concurrent
    private static func parse(
        _ bytes: ByteBuffer, as format: TextFormat, file: String, structure: QuranStructure
    ) async throws -> PublishedText {
        try PublishedText(reading: [UInt8](bytes.readableBytesView), as: format, file: file, structure: structure)
    }
}
