public import Foundation
public import Quran
public import Storage

/// A content folder and seed data of 6,236 made-up texts an edition, with pins of their own.
///
/// The texts hold what real ones do and what breaks programs: combining marks in non-canonical order, decomposed
/// letters, a space before a pause mark, quotes and backslashes, right-to-left and left-to-right, and lengths from one
/// character to 6 kB. None of them is scripture.
public struct SyntheticContent: Sendable {
    /// Holds `migrations/` and `seed-data/`, for `QURAN_RESOURCES`.
    public let resources: URL
    /// Holds the texts, for `QURAN_CONTENT_DIR`.
    public let folder: URL
    public let seedData: SeedData
    /// The published texts by file name, the basmala still glued to them.
    public let published: [String: [String]]

    /// Not scripture: "by a word for trying out".
    public static let basmala = "\u{628}\u{650}" + basmalaRest
    /// The same with a shadda on its first letter.
    public static let basmalaWithShadda = "\u{628}\u{651}\u{650}" + basmalaRest
    private static let basmalaRest = "كَلِمَةٍ لِلتَّجْرِبَةِ"

    /// Made once a process.
    public static let shared: SyntheticContent = {
        do { return try SyntheticContent() } catch { fatalError("cannot make the synthetic content: \(error)") }
    }()

    private init() throws {
        let root = TemporaryFolder.shared.appending(path: "synthetic")
        resources = root
        folder = root.appending(path: "content")
        let files = FileManager.default
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        try files.copyItem(at: Repository.root.appending(path: "migrations"), to: root.appending(path: "migrations"))
        let seedFolder = root.appending(path: "seed-data")
        try files.copyItem(at: Repository.root.appending(path: "seed-data"), to: seedFolder)

        let facts = try SeedData(folder: seedFolder)
        var published: [String: [String]] = [:]
        var catalogue =
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: seedFolder.appending(path: "editions.json"))) as? [String: Any] ?? [:]
        var records = catalogue["editions"] as? [[String: Any]] ?? []
        for (index, entry) in facts.catalogue.enumerated() {
            guard let file = entry.files.first(where: { $0.hasSuffix(".txt") }) else { continue }
            let texts = Self.texts(of: entry.edition, structure: facts.structure)
            published[file] = texts
            let url = folder.appending(path: file)
            try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Self.file(texts, structure: facts.structure).write(to: url)
            records[index]["sha256"] = PublishedText(ayahs: texts, notice: nil).sha256(structure: facts.structure)
        }
        catalogue["editions"] = records
        try JSONSerialization.data(withJSONObject: catalogue)
            .write(to: seedFolder.appending(path: "editions.json"))
        seedData = try SeedData(folder: seedFolder)
        self.published = published
    }

    /// A file in Tanzil's text format.
    ///
    /// - Parameter lineEnd: LF or CRLF.
    public static func file(_ texts: [String], structure: QuranStructure, lineEnd: String = "\n") -> Data {
        var lines = zip(AyahRange.all.numbers, texts).map { number, text in
            let key = structure.key(of: number)
            return "\(key.surah)|\(key.ayah)|\(text)"
        }
        lines += ["", "", "# A notice of our own, for tests.", "#", "# End"]
        return Data((lines.joined(separator: lineEnd) + lineEnd).utf8)
    }

    /// The texts that the API must serve for a file: those of the file, without the basmala where one was glued on.
    public func served(_ file: String) -> [String] {
        guard let texts = published[file] else { return [] }
        return unglued(texts, isScript: file.hasPrefix("quran-"), structure: seedData.structure)
    }

    private static func texts(of edition: Edition, structure: QuranStructure) -> [String] {
        AyahRange.all.numbers.map { number in
            let key = structure.key(of: number)
            var random = SplitMix(
                seed: UInt64(number.value) &* 31
                    &+ UInt64(edition.id.name.utf8.reduce(UInt64(7)) { $0 &* 131 &+ UInt64($1) }))
            guard edition.kind == .quran else { return prose(edition, key, &random) }
            if number == AyahRange.all.first { return basmala }
            let text = arabic(&random)
            guard key.ayah == 1, structure.surah(key.surah).hasBasmala else { return text }
            return ([95, 97].contains(key.surah.value) ? basmalaWithShadda : basmala) + " " + text
        }
    }

    private static let letters = Array("ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئ".unicodeScalars)
    private static let marks = "\u{64B}\u{64C}\u{64E}\u{64F}\u{650}\u{651}\u{652}\u{653}\u{670}\u{6E1}\u{640}"
        .unicodeScalars.map(\.self)
    private static let pauses = "\u{6D6}\u{6D7}\u{6DA}\u{6DB}\u{6E9}".unicodeScalars.map(\.self)

    /// About as many as a book has.
    private static let words: [String.UnicodeScalarView] = {
        var random = SplitMix(seed: 114)
        return (0..<4000).map { _ in
            var word = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                word.append(letters.randomElement(using: &random) ?? "ا")
                for _ in 0..<Int.random(in: 0...2, using: &random) {
                    word.append(marks.randomElement(using: &random) ?? "\u{64E}")
                }
            }
            return word
        }
    }()

    private static func arabic(_ random: inout SplitMix) -> String {
        var text = String.UnicodeScalarView()
        for word in 0..<Int.random(in: 1...24, using: &random) {
            if word > 0 { text.append(" ") }
            text.append(contentsOf: words.randomElement(using: &random) ?? words[0])
            // A pause mark combines with the space before it: one character, two scalars.
            if Int.random(in: 0..<9, using: &random) == 0 {
                text.append(" ")
                text.append(pauses.randomElement(using: &random) ?? "\u{6D6}")
            }
        }
        return String(text)
    }

    private static func prose(_ edition: Edition, _ key: AyahKey, _ random: inout SplitMix) -> String {
        let words = [
            "sample", "\"quoted\"", "back\\slash", "e\u{301}cole", "café", "non\u{A0}breaking", "zero\u{200C}width",
            "“curly”",
            "тест", "آزمایش", "😀", "a|b", "<b>&amp;</b>", "'single'", "tabless", "$1", "?1", "%s", "--", "/* */",
        ]
        let count = Int.random(in: 0..<400, using: &random) == 0 ? 700 : Int.random(in: 1...12, using: &random)
        let text = (0..<count).map { _ in words.randomElement(using: &random) ?? "sample" }.joined(separator: " ")
        return "\(edition.id) \(key) \(text)"
    }
}

/// What is left of published texts when the basmala is a field of its own, by a rule written apart from the program's.
public func unglued(_ texts: [String], isScript: Bool, structure: QuranStructure) -> [String] {
    guard isScript else { return texts }
    var texts = texts
    for surah in 2...SurahNumber.count where surah != 9 {
        guard let number = SurahNumber(surah) else { continue }
        let first = structure.range(of: number).first.value - 1
        // The basmala is as many words as 1:1.
        let words = texts[0].utf8.split(separator: UInt8(ascii: " ")).count
        let rest = texts[first].utf8.split(separator: UInt8(ascii: " "), maxSplits: words)
        texts[first] = rest.count > words ? String(decoding: rest[words], as: UTF8.self) : ""
    }
    return texts
}

/// A small generator of repeatable random numbers.
public struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
