import ContentService
import HTTPTypes
import Hummingbird
import JSON
import Quran
import Storage

extension AdminRoutes {
    /// The most bytes that an uploaded text may have.
    private static var textLimit: Int { 64 << 20 }
    /// The most bytes that the correction of an ayah may have.
    private static var ayahLimit: Int { 1 << 20 }

    func addEditions(to admin: some RouterMethods<UserRequestContext>) {
        admin.resource(
            "editions",
            [
                .get: { request, _ in
                    let query = try Query(request, allowed: Query.pageParameters)
                    return try await editor.editions(page: query.page()).listResponse()
                },
                .post: { request, context in
                    _ = try Query(request, allowed: [])
                    let edition = try EditionBody(
                        await request.object(allowed: ["id", "kind"] + EditionBody.members)
                    ).newEdition()
                    return try await editor.create(edition, by: context.maker(request))
                        .response(.created, location: "editions/\(edition.id)")
                },
            ])
        admin.resource(
            "editions/:id",
            [
                .get: { request, context in
                    _ = try Query(request, allowed: [])
                    return try await editor.edition(context.path.edition()).response()
                },
                .patch: { request, context in
                    _ = try Query(request, allowed: [])
                    let body = EditionBody(try await request.patch(allowed: EditionBody.members))
                    return try await editor.updateEdition(context.path.edition(), by: context.editor(request)) {
                        try body.merged(over: $0)
                    }.response()
                },
            ])
        admin.resource(
            "editions/:id/publish",
            [
                .post: { request, context in
                    _ = try Query(request, allowed: [])
                    return try await editor.publishEdition(context.path.edition(), by: context.editor(request))
                        .response()
                }
            ])
        admin.resource(
            "editions/:id/withdraw",
            [
                .post: { request, context in
                    _ = try Query(request, allowed: [])
                    return try await editor.withdrawEdition(context.path.edition(), by: context.editor(request))
                        .response()
                }
            ])
    }

    func addTexts(to admin: some RouterMethods<UserRequestContext>) {
        addAyahs(to: admin)
        admin.resource(
            "editions/:id/drafts",
            [
                .get: { request, context in
                    let query = try Query(request, allowed: Query.pageParameters)
                    return try await editor.drafts(of: context.path.edition(), page: query.page()).listResponse()
                },
                .post: { request, context in try await upload(request, context) },
            ])
        admin.resource(
            "drafts/:number",
            [
                .get: { request, context in
                    _ = try Query(request, allowed: [])
                    return try await editor.draft(context.path.entry("draft")).response()
                },
                .delete: { request, context in
                    _ = try Query(request, allowed: [])
                    try await editor.removeDraft(context.path.entry("draft"), by: context.editor(request))
                    return Response(status: .noContent, headers: noStore)
                },
            ])
        admin.resource(
            "drafts/:number/publish",
            [
                .post: { request, context in
                    _ = try Query(request, allowed: [])
                    let replace = try await request.optionalObject(allowed: ["replace"]).bool("replace") ?? false
                    return try await editor.publishDraft(
                        context.path.entry("draft"), replacing: replace, by: context.editor(request)
                    ).response()
                }
            ])
    }

    private func addAyahs(to admin: some RouterMethods<UserRequestContext>) {
        admin.resource(
            "editions/:id/ayahs/:ayah",
            [
                .get: { request, context in
                    _ = try Query(request, allowed: [])
                    let ayah = try context.path.ayah(structure: editor.structure)
                    return try await editor.ayah(ayah, of: context.path.edition()).response()
                },
                .put: { request, context in
                    _ = try Query(request, allowed: [])
                    let ayah = try context.path.ayah(structure: editor.structure)
                    let body = try RequestObject(try await request.json(upTo: Self.ayahLimit), allowed: ["text"])
                    let text = try body.required("text", body.string)
                    if let defect = AyahText.defect(of: text) {
                        throw Problem.invalidBody(
                            body.place("text"), defect.reason("\(editor.structure.key(of: ayah))"),
                            allowed: "text without control characters")
                    }
                    return try await editor.correct(
                        ayah, of: context.path.edition(), to: text, by: context.editor(request)
                    ).response()
                },
            ])
    }

    private func upload(_ request: Request, _ context: UserRequestContext) async throws -> Response {
        let query = try Query(request, allowed: ["file"])
        let id = try context.path.edition()
        let who = try context.maker(request)
        try request.requireType(["text/plain", "application/xml"])
        let isXML = request.headers[.contentType]?.lowercased().hasPrefix("application/xml") ?? false
        let rule = "1 to 255 characters, without control characters"
        let file = try query.id(
            "file",
            as: { name in
                let isLine = !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
                return (1...255).contains(name.unicodeScalars.count) && isLine ? name : nil
            }, allowed: rule)
        let bytes = try await request.bytes(upTo: Self.textLimit)
        let draft = try await editor.upload(
            bytes, as: isXML ? .xml : .plain, file: file ?? "\(id).\(isXML ? "xml" : "txt")", to: id, by: who)
        return draft.representation.response(.created, location: "drafts/\(draft.number)")
    }
}
