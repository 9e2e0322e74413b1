import Quran
public import Storage

extension ContentEditor {
    /// `{"entries": […], "pagination": {…}}`, the newest first.
    public func audit(of subject: AuditSubject?, page request: PageRequest) async throws -> Representation {
        try await read { sql in
            let page = try Page(request, of: AuditLog.count(of: subject, sql))
            let entries = try AuditLog.entries(of: subject, rows: page.rows, sql)
            return Representation("entries", entries, page: page) { $1.write(to: &$0) }
        }
    }

    /// `{"entry": {…}}`.
    public func auditEntry(_ number: Int) async throws -> Representation {
        try await read { try Self.entry(number, $0).representation }
    }

    /// Puts back what was before a change.
    ///
    /// - Returns: the entry that says so.
    /// - Throws: ``EditError`` (`changedSince`) if what is there is not what the change left, `conflict` if it can't be.
    public func rollBack(_ number: Int, by editor: Editor) async throws -> Representation {
        try await write(wholeText: true) { sql in
            let entry = try Self.entry(number, sql)
            try editor.condition.check(entry.representation)
            try Self.requireReversible(entry, sql)
            let edit = Edit(.rollback, by: editor.name, reverting: number)
            let isDone =
                switch (entry.action.aspect, entry.subject) {
                case (.edition, .edition(let id)): try Self.rollBack(entry, of: id, as: edit, sql)
                case (.text, .edition(let id)): try TextState.rollBack(entry, of: id, as: edit, sql)
                case (.ayah, .ayah(let ayah)): try AyahState.rollBack(entry, of: ayah, as: edit, sql)
                case (.reciter, .reciter(let id)): try Reciter.rollBack(entry, of: id, as: edit, sql)
                case (.surah, .surah(let surah)): try SurahNames.rollBack(entry, of: surah, as: edit, sql)
                default: throw EditError.conflict("a draft is uploaded or deleted, not rolled back")
                }
            guard isDone else { throw EditError.changedSince(number, by: try AuditLog.successor(of: entry, sql)) }
            guard let newest = try AuditLog.entries(rows: 0..<1, sql).first else {
                throw EditError.notFound("there is no entry")
            }
            return newest.representation
        }
    }

    private static func entry(_ number: Int, _ sql: any SQLReader) throws -> AuditEntry {
        guard let entry = try AuditLog.entry(number, sql) else {
            throw EditError.notFound("there is no entry \(number)")
        }
        return entry
    }

    /// An edition that everybody sees again must be fit for that.
    private static func rollBack(
        _ entry: AuditEntry, of id: EditionID, as edit: Edit, _ sql: any SQLWriter
    ) throws -> Bool {
        let isDone = try EditionState.rollBack(entry, of: id, as: edit, sql)
        if isDone, let state = try EditionState.read(id, sql), state.status == .published {
            try requirePublishable(state, sql)
        }
        return isDone
    }

    /// Scripts are not edited, an edition is not removed with its text or drafts, and none is shown to everybody without a
    /// text.
    private static func requireReversible(_ entry: AuditEntry, _ sql: any SQLReader) throws {
        switch entry.subject {
        case .edition(let id): try EditionState.requireEditable(id, sql)
        case .ayah(let ayah): try AyahState.requireEditable(ayah, sql)
        case .reciter, .surah: break
        }
        guard entry.before == nil, case .edition(let id) = entry.subject else { return }
        switch entry.action.aspect {
        case .edition:
            guard try EditionState.stored(id, sql)?.content == nil else {
                throw EditError.conflict("“\(id)” has a text: roll that back first")
            }
            guard try DraftRepository.drafts(of: id, sql).isEmpty else {
                throw EditError.conflict("“\(id)” has drafts: delete them first")
            }
        case .text:
            guard try EditionState.read(id, sql)?.status != .published else {
                throw EditError.conflict("“\(id)” is published: withdraw it first")
            }
        default: break
        }
    }
}
