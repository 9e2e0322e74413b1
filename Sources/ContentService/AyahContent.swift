import JSON
import Quran
import Storage

/// What the store has for a run of ayahs: their texts in one script, and the translations and tafsirs asked for.
struct AyahContent: Sendable {
    struct Texts: Sendable {
        let edition: StoredEdition
        /// One element for each ayah of the range, `nil` where the edition lacks it.
        let texts: [String?]
    }

    let range: AyahRange
    let script: Texts
    let translations: [Texts]
    let tafsirs: [Texts]
    let reciter: Reciter?

    /// Reads all of it in the snapshot of `reader`.
    ///
    /// - Throws: ``ContentServiceError`` for an edition or reciter that the catalogue lacks.
    init(_ range: AyahRange, options: TextOptions, from reader: ContentReader) throws {
        self.range = range
        // Every ayah shows the numbers of the divisions that it is in.
        reader.dependsOnStructure()
        let repository = EditionRepository(reader)
        func texts(_ id: EditionID, _ kind: Edition.Kind) throws -> Texts {
            guard let edition = try repository.edition(id, kind: kind) else {
                throw ContentServiceError.unknownEdition(id, kind)
            }
            return Texts(edition: edition, texts: try repository.texts(of: edition.edition, in: range))
        }
        script = try texts(options.script, .quran)
        translations = try options.translations.map { try texts($0, .translation) }
        tafsirs = try options.tafsirs.map { try texts($0, .tafsir) }
        reciter = try options.reciter.map { id in
            guard let reciter = try ReciterRepository(reader).reciter(id) else {
                throw ContentServiceError.unknownReciter(id)
            }
            return reciter
        }
    }

    /// The editions that the answer quotes.
    var editions: [StoredEdition] { ([script] + translations + tafsirs).map(\.edition) }

    /// About how many bytes the representation takes, rather more than fewer.
    var estimatedSize: Int {
        let all = [script] + translations + tafsirs
        return all.reduce(range.count * (reciter == nil ? 190 : 310) + 2048) { size, texts in
            size + texts.texts.reduce(0) { $0 + ($1?.utf8.count ?? 4) + 48 }
        }
    }

    /// One ayah, as an object.
    func write(_ number: AyahNumber, structure: QuranStructure, to json: inout JSONWriter) {
        let key = structure.key(of: number)
        let row = number.value - range.first.value
        json.object { json in
            json.member("number", number.value)
            json.member("key", key.description)
            json.member("surah", key.surah.value)
            json.member("ayah", key.ayah)
            json.member("juz", structure.part(of: .juz, at: number))
            json.member("hizb", structure.part(of: .hizb, at: number))
            json.member("rub", structure.part(of: .rub, at: number))
            json.member("manzil", structure.part(of: .manzil, at: number))
            json.member("ruku", structure.part(of: .ruku, at: number))
            json.member("page", structure.part(of: .page, at: number))
            json.key("sajda")
            if let sajda = structure.sajda(at: number) {
                json.object { json in
                    json.member("number", sajda.number)
                    json.member("kind", sajda.kind.rawValue)
                }
            } else {
                json.null()
            }
            json.member("text", script.texts[row])
            for (name, quoted) in [("translations" as StaticString, translations), ("tafsirs", tafsirs)] {
                json.key(name)
                json.array { json in
                    for quoted in quoted {
                        json.object { json in
                            json.member("edition", quoted.edition.edition.id.name)
                            json.member("text", quoted.texts[row])
                        }
                    }
                }
            }
            json.key("audio")
            if let reciter, let url = reciter.url(of: key, number: number) {
                json.object { json in
                    json.member("reciter", reciter.id.name)
                    json.member("url", url)
                }
            } else {
                json.null()
            }
        }
    }

    /// The member `ayahs`.
    func writeAyahs(structure: QuranStructure, to json: inout JSONWriter) {
        json.key("ayahs")
        json.array { json in for number in range.numbers { write(number, structure: structure, to: &json) } }
    }

    /// The member `editions`: what is quoted, and what a reader must be shown for it.
    func writeEditions(to json: inout JSONWriter) {
        json.key("editions")
        json.array(editions) { json, stored in stored.writeQuoted(to: &json) }
    }
}
