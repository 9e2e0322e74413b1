import ContentService
import HTTPTypes
import Hummingbird
import Quran
import Storage

/// What editors read and change. It stands behind ``AdminsOnly``.
struct AdminRoutes {
    let editor: ContentEditor

    func add(to admin: some RouterMethods<UserRequestContext>) {
        addEditions(to: admin)
        addTexts(to: admin)
        addReciters(to: admin)
        addSurahs(to: admin)
        addAudit(to: admin)
    }

    private func addReciters(to admin: some RouterMethods<UserRequestContext>) {
        admin.resource(
            "reciters",
            [
                .get: { request, _ in
                    let query = try Query(request, allowed: Query.pageParameters)
                    return try await editor.reciters(page: query.page()).listResponse()
                },
                .post: { request, context in
                    _ = try Query(request, allowed: [])
                    let reciter = try ReciterBody(
                        await request.object(allowed: ["id"] + ReciterBody.members)
                    ).newReciter()
                    return try await editor.create(reciter, by: context.maker(request))
                        .response(.created, location: "reciters/\(reciter.id)")
                },
            ])
        admin.resource(
            "reciters/:id",
            [
                .get: { request, context in
                    _ = try Query(request, allowed: [])
                    return try await editor.reciter(context.path.reciter()).response()
                },
                .patch: { request, context in
                    _ = try Query(request, allowed: [])
                    let body = ReciterBody(try await request.patch(allowed: ReciterBody.members))
                    return try await editor.updateReciter(context.path.reciter(), by: context.editor(request)) {
                        try body.merged(over: $0)
                    }.response()
                },
                .delete: { request, context in
                    _ = try Query(request, allowed: [])
                    try await editor.removeReciter(context.path.reciter(), by: context.editor(request))
                    return Response(status: .noContent, headers: noStore)
                },
            ])
    }

    private func addSurahs(to admin: some RouterMethods<UserRequestContext>) {
        admin.resource(
            "surahs/:number",
            [
                .get: { request, context in
                    _ = try Query(request, allowed: [])
                    return try await editor.surahNames(context.path.surah()).response()
                },
                .patch: { request, context in
                    _ = try Query(request, allowed: [])
                    let members = ["name_arabic", "name_transliterated", "name_english"]
                    let body = try await request.patch(allowed: members)
                    return try await editor.updateSurahNames(context.path.surah(), by: context.editor(request)) { old in
                        func name(_ member: String, over old: String) throws(Problem) -> String {
                            try body.merged(member, over: old) { name throws(Problem) in
                                try body.line(name, upTo: 200)
                            }
                        }
                        return SurahNames(
                            arabic: try name("name_arabic", over: old.nameArabic),
                            transliterated: try name("name_transliterated", over: old.nameTransliterated),
                            english: try name("name_english", over: old.nameEnglish))
                    }.response()
                },
            ])
    }

    private func addAudit(to admin: some RouterMethods<UserRequestContext>) {
        admin.getOnly("audit") { request, _ in
            let query = try Query(request, allowed: ["subject"] + Query.pageParameters)
            let rule = "edition:ID, ayah:EDITION:KEY, reciter:ID or surah:NUMBER"
            let subject = try query.id("subject", as: { AuditSubject($0) }, allowed: rule)
            return try await editor.audit(of: subject, page: query.page()).listResponse()
        }
        admin.getOnly("audit/:number") { request, context in
            _ = try Query(request, allowed: [])
            return try await editor.auditEntry(context.path.entry("entry")).response()
        }
        admin.resource(
            "audit/:number/rollback",
            [
                .post: { request, context in
                    _ = try Query(request, allowed: [])
                    let number = try context.path.entry("entry")
                    return try await editor.rollBack(number, by: context.editor(request)).response(.created)
                }
            ])
    }
}

extension Path {
    func edition() throws(Problem) -> EditionID { try id("id", as: { EditionID($0) }) }

    func reciter() throws(Problem) -> ReciterID { try id("id", as: { ReciterID($0) }) }

    /// The number of a draft or an entry of the log.
    func entry(_ what: String) throws(Problem) -> Int { try number("number", of: what, 1...999_999_999) }
}

extension Request {
    /// A JSON merge patch (RFC 7396) of at most 64 kB.
    func patch(allowed: [String]) async throws -> RequestObject {
        try RequestObject(
            try await json(upTo: 64 << 10, types: ["application/merge-patch+json", "application/json"]),
            allowed: allowed)
    }
}
