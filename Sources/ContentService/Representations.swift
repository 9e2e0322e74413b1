import JSON
import Quran
import Storage

extension Surah {
    /// The members of a surah's object.
    ///
    /// - Parameter basmala: the text before ayah 1, in the script asked for.
    func writeMembers(basmala: String?, to json: inout JSONWriter) {
        json.member("number", number.value)
        json.member("name_arabic", nameArabic)
        json.member("name_transliterated", nameTransliterated)
        json.member("name_english", nameEnglish)
        json.member("revelation_place", revelationPlace.rawValue)
        json.member("revelation_order", revelationOrder)
        json.member("ayah_count", ayahCount)
        json.member("has_basmala", hasBasmala)
        json.member("basmala", basmala)
    }
}

extension QuranStructure {
    /// The members of the object of one part of a division.
    func writeMembers(
        of kind: DivisionKind, part: Int, range: AyahRange, scheme: DivisionScheme, to json: inout JSONWriter
    ) {
        json.member("number", part)
        json.member("scheme", scheme.name)
        json.member("first_ayah", key(of: range.first).description)
        json.member("last_ayah", key(of: range.last).description)
        json.member("ayah_count", range.count)
    }
}

extension StoredEdition {
    /// The edition beside its text: what it is, and what a reader must be shown.
    func writeQuoted(to json: inout JSONWriter) {
        json.object { writeIdentity(to: &$0) }
    }

    /// The edition as an entry of the catalogue.
    ///
    /// - Parameter notice: whether the copyright notice of the file is shown.
    func write(notice: Bool, to json: inout JSONWriter) {
        json.object { writeMembers(notice: notice, to: &$0) }
    }

    /// The edition as its editors see it.
    func writeForEditors(to json: inout JSONWriter) {
        json.object { json in
            writeMembers(notice: true, to: &json)
            json.member("status", status.rawValue)
            json.member("file", content?.file)
            json.member("loaded_at", content?.loadedAt)
        }
    }

    private func writeMembers(notice: Bool, to json: inout JSONWriter) {
        writeIdentity(to: &json)
        json.member("name_native", edition.nameNative)
        json.member("published_year", edition.publishedYear)
        json.member("redistributable", edition.redistributable.rawValue)
        json.member("loaded", content != nil)
        json.member("sha256", content?.sha256)
        json.key("pinned")
        if let content { json.value(content.isPinned) } else { json.null() }
        if notice { json.member("notice", content?.notice) }
    }

    private func writeIdentity(to json: inout JSONWriter) {
        json.member("id", edition.id.name)
        json.member("kind", edition.kind.rawValue)
        json.member("name", edition.name)
        json.member("author", edition.author)
        json.member("language", edition.language)
        json.member("direction", edition.direction.rawValue)
        json.member("version", edition.version)
        json.member("licence", edition.licence)
        json.member("licence_url", edition.licenceURL)
        json.member("source", edition.source)
        json.member("source_url", edition.sourceURL)
        json.member("attribution", edition.attribution)
    }
}

extension Reciter {
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id.name)
            json.member("name_english", nameEnglish)
            json.member("name_arabic", nameArabic)
            json.member("style", style)
            json.member("riwayah", riwayah)
            json.member("granularity", granularity.rawValue)
            json.member("provider", provider)
            json.member("url_pattern", pattern.description)
            json.member("bitrate", bitrate)
            json.key("alternates")
            json.array(alternates) { json, alternate in
                json.object { json in
                    json.member("bitrate", alternate.bitrate)
                    json.member("url_pattern", alternate.pattern.description)
                }
            }
            json.member("complete", isComplete)
            json.key("surahs")
            json.array(surahs) { json, surah in json.value(surah.value) }
        }
    }
}
