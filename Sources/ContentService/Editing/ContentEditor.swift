public import Quran
public import Storage

/// Changes the content for editors: each change in one transaction with its entry in the audit log, one editor at a time.
/// What is read here comes from the store, not from the cache.
///
/// Everything throws ``EditError`` for a change that can't be made, and `StorageError` if the store can't be asked.
public struct ContentEditor: Sendable {
    private let system: ContentSystem

    /// How long a change of one record may take, and one of a whole text.
    private static let (deadline, textDeadline) = (Duration.seconds(5), Duration.seconds(60))

    public init(_ system: ContentSystem) { self.system = system }

    public var structure: QuranStructure { system.service.structure }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLReader) throws -> Value) async throws -> Value {
        try await system.service.database.read(body)
    }

    func write<Value: Sendable>(
        wholeText: Bool = false, _ body: @escaping @Sendable (any SQLWriter) throws -> Value
    ) async throws -> Value {
        let engine = system.database.engine
        return try await system.writeExclusively(deadline: wholeText ? Self.textDeadline : Self.deadline) { sql in
            let index = SearchIndex(engine, sql)
            let change = try index.lastChange()
            let value = try body(sql)
            // What others changed is left to the server's own indexing, so that an edit does not wait for it.
            try index.follow(after: change, atMost: wholeText ? AyahNumber.count : SearchIndex.batch)
            return value
        }
    }

    func representation<State: Represented>(_ type: State.Type, _ id: State.ID) async throws -> Representation {
        try await read { sql in
            guard let found = try State.representation(of: id, sql) else {
                throw EditError.notFound(State.absence(of: id))
            }
            return found
        }
    }

    func create<State: Represented>(_ state: State, _ id: State.ID, by editor: Editor) async throws -> Representation {
        try await write { sql in
            guard try State.read(id, sql) == nil else { throw EditError.exists("\(State.subject(id))") }
            try State.change(id, as: Edit(.create, by: editor.name), sql) { _ in state }
            guard let made = try State.representation(of: id, sql) else {
                throw EditError.notFound(State.absence(of: id))
            }
            return made
        }
    }

    /// - Parameter make: gets what is there, and returns what is to be there; `nil` removes it.
    /// - Returns: what is there then.
    @discardableResult
    func change<State: Represented>(
        _ id: State.ID, _ verb: AuditAction.Verb, by editor: Editor,
        _ make: @escaping @Sendable (State, any SQLReader) throws -> State?
    ) async throws -> Representation? {
        try await write { sql in
            try State.requireEditable(id, sql)
            guard let current = try State.representation(of: id, sql) else {
                throw EditError.notFound(State.absence(of: id))
            }
            try editor.condition.check(current)
            try State.change(id, as: Edit(verb, by: editor.name), sql) { try $0.flatMap { try make($0, sql) } }
            return try State.representation(of: id, sql)
        }
    }

    /// As ``change(_:_:by:_:)``, of what stays.
    func update<State: Represented>(
        _ id: State.ID, _ verb: AuditAction.Verb = .update, by editor: Editor,
        _ make: @escaping @Sendable (State, any SQLReader) throws -> State
    ) async throws -> Representation {
        guard let changed = try await change(id, verb, by: editor, make) else {
            throw EditError.notFound(State.absence(of: id))
        }
        return changed
    }
}

// MARK: Reciters and surahs

extension ContentEditor {
    /// `{"reciters": […], "pagination": {…}}`.
    public func reciters(page request: PageRequest) async throws -> Representation {
        try await read { sql in
            let reciters = try ReciterRepository(ContentReader(sql)).reciters()
            let page = try Page(request, of: reciters.count)
            return Representation("reciters", Array(reciters[page.rows]), page: page) { $1.write(to: &$0) }
        }
    }

    /// `{"reciter": {…}}`.
    public func reciter(_ id: ReciterID) async throws -> Representation { try await representation(Reciter.self, id) }

    public func create(_ reciter: Reciter, by editor: Editor) async throws -> Representation {
        try await create(reciter, reciter.id, by: editor)
    }

    /// - Parameter make: gets the reciter that is there; what it throws is passed on.
    public func updateReciter(
        _ id: ReciterID, by editor: Editor, _ make: @escaping @Sendable (Reciter) throws -> Reciter
    ) async throws -> Representation {
        try await update(id, by: editor) { (old: Reciter, _) in try make(old) }
    }

    public func removeReciter(_ id: ReciterID, by editor: Editor) async throws {
        try await change(id, .delete, by: editor) { (_: Reciter, _) in nil }
    }

    /// `{"surah": {…}}`: the names alone.
    public func surahNames(_ number: SurahNumber) async throws -> Representation {
        try await representation(SurahNames.self, number)
    }

    /// - Parameter make: gets the names that are there; what it throws is passed on.
    public func updateSurahNames(
        _ number: SurahNumber, by editor: Editor, _ make: @escaping @Sendable (SurahNames) throws -> SurahNames
    ) async throws -> Representation {
        try await update(number, by: editor) { (old: SurahNames, _) in try make(old) }
    }
}
