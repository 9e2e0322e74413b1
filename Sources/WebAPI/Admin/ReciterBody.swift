import JSON
import Quran

/// What editors send of a reciter: all of it, or a merge patch over what is there.
struct ReciterBody {
    private let object: RequestObject

    static let members = [
        "name_english", "name_arabic", "style", "riwayah", "granularity", "provider", "url_pattern", "bitrate",
        "alternates", "surahs",
    ]

    private static let idRule = "1 to 64 of a–z 0–9 . - _"
    private static let patternRule = "an http or https URL with {s} or {sss}, and {aaa} or {n} if it is by ayah"

    init(_ object: RequestObject) { self.object = object }

    /// A new reciter, from a body with `id`.
    ///
    /// - Throws: ``Problem``: 400 for what is malformed.
    func newReciter() throws(Problem) -> Reciter {
        let id = try object.required(
            "id",
            { name throws(Problem) in
                try object.value(name, allowed: Self.idRule) { ReciterID($0) }
            }, allowed: Self.idRule)
        return try reciter(id, over: nil)
    }

    func merged(over old: Reciter) throws(Problem) -> Reciter { try reciter(old.id, over: old) }

    private func reciter(_ id: ReciterID, over old: Reciter?) throws(Problem) -> Reciter {
        let reciter = Reciter(
            id: id, nameEnglish: try object.merged("name_english", over: old?.nameEnglish, line(200)),
            nameArabic: try object.merged("name_arabic", over: old?.nameArabic, line(200)),
            style: try object.merged("style", over: old?.style, line(64)),
            riwayah: try object.merged("riwayah", over: old?.riwayah, line(64)),
            granularity: try object.merged("granularity", over: old?.granularity, allowed: "ayah, surah") {
                name throws(Problem) in try object.word(name, as: Reciter.Granularity.self)
            },
            provider: try object.merged("provider", over: old?.provider, line(200)),
            pattern: try object.merged("url_pattern", over: old?.pattern, allowed: Self.patternRule) {
                name throws(Problem) in try Self.pattern(object, name)
            },
            bitrate: try object.mergedOptional("bitrate", over: old?.bitrate, line(32)),
            alternates: try object.mergedOptional("alternates", over: old?.alternates, alternates) ?? [],
            surahs: try object.mergedOptional("surahs", over: old?.surahs, surahs) ?? Array(SurahNumber.all))
        let patterns =
            [("url_pattern", reciter.pattern)]
            + reciter.alternates.enumerated().map { index, alternate in
                ("alternates/\(index)/url_pattern", alternate.pattern)
            }
        for (name, pattern) in patterns where pattern.namesAyah != (reciter.granularity == .ayah) {
            throw .invalidBody("#/\(name)", "does not fit the granularity", allowed: Self.patternRule)
        }
        return reciter
    }

    private func line(_ limit: Int) -> (String) throws(Problem) -> String? {
        { name throws(Problem) in try object.line(name, upTo: limit) }
    }

    private static func pattern(_ object: RequestObject, _ name: String) throws(Problem) -> AudioURLPattern? {
        try object.value(name, allowed: patternRule) { $0.utf8.count <= 2000 ? AudioURLPattern($0) : nil }
    }

    private func alternates(_ name: String) throws(Problem) -> [Reciter.Alternate]? {
        guard let values = try object.array(name) else { return nil }
        guard values.count <= 20 else {
            throw .invalidBody(object.place(name), "has \(values.count) elements", allowed: "at most 20")
        }
        var alternates: [Reciter.Alternate] = []
        for (index, value) in values.enumerated() {
            let one = try RequestObject(
                value, at: "\(object.place(name))/\(index)", allowed: ["bitrate", "url_pattern"])
            alternates.append(
                Reciter.Alternate(
                    bitrate: try one.required("bitrate") { name throws(Problem) in try one.line(name, upTo: 32) },
                    pattern: try one.required("url_pattern") { name throws(Problem) in try Self.pattern(one, name) }))
        }
        return alternates
    }

    private func surahs(_ name: String) throws(Problem) -> [SurahNumber]? {
        guard let values = try object.array(name) else { return nil }
        let rule = "null for all, or numbers from 1 to 114, each once and in order"
        var surahs: [SurahNumber] = []
        for (index, value) in values.enumerated() {
            guard let surah = value.int.flatMap(SurahNumber.init), surahs.last.map({ $0 < surah }) ?? true else {
                throw .invalidBody("\(object.place(name))/\(index)", "is not the next surah", allowed: rule)
            }
            surahs.append(surah)
        }
        guard !surahs.isEmpty else { throw .invalidBody(object.place(name), "is empty", allowed: rule) }
        return surahs
    }
}
