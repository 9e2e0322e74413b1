import Foundation
import Quran
import Storage
import TestSupport
import Testing

@Suite struct `Texts that are refused` {
    /// In a synthetic file the line of an ayah is its running number.
    private static let damages: [Damage] = [
        Damage("a missing line", .incomplete, line: 100, "expected ayah 2:93, found 2:94") { $0.remove(at: 99) },
        Damage("a missing last ayah", .incomplete, line: 6241, "1 of 6236 ayahs are missing") { $0.remove(at: 6235) },
        Damage("two lines swapped", .incomplete, line: 100, "expected ayah 2:93, found 2:94") { $0.swapAt(99, 100) },
        Damage("a doubled line", .incomplete, line: 101, "expected ayah 2:94, found 2:93") {
            $0.insert($0[99], at: 99)
        },
        Damage("an extra line", .incomplete, line: 6237, "114:7 comes after the last ayah") {
            $0.insert(Data("114|7|more".utf8), at: 6236)
        },
        Damage("a file cut inside a character", .encoding, line: 3000, "not valid UTF-8") { lines in
            lines = Array(lines.prefix(3000))
            let letter = lines[2999].lastIndex { $0 >= 0xC0 } ?? 0
            lines[2999] = lines[2999].prefix(through: letter)
        },
        Damage("a file cut between characters", .incomplete, line: 3000, "ends after") { lines in
            lines = Array(lines.prefix(3000))
            let letter = lines[2999].lastIndex { $0 >= 0xC0 } ?? 0
            lines[2999] = lines[2999].prefix(upTo: letter)
        },
        Damage("a file cut inside a key", .format, line: 3000, "not surah|ayah|text") { lines in
            lines = Array(lines.prefix(3000))
            lines[2999] = lines[2999].prefix(3)
        },
        Damage("a file cut at a line end", .incomplete, line: 3001, "3236 of 6236 ayahs are missing") {
            $0 = $0.prefix(3000) + [Data()]
        },
        Damage("an empty file", .incomplete, line: 1, "has no ayah") { $0 = [Data()] },
        Damage("a file of comments", .incomplete, line: 5, "has no ayah") { $0 = $0.suffix(5) },
        Damage("an empty text", .incomplete, line: 100, "2:93 has no text") { $0[99] = Data("2|93|".utf8) },
        Damage("a text of white space", .incomplete, line: 100, "2:93 has no text") {
            $0[99] = Data("2|93| \u{A0}\u{2003} ".utf8)
        },
        Damage("Latin-1", .encoding, line: 100, "not valid UTF-8") { $0[99] = Data("2|93|caf".utf8) + [0xE9, 0x20] },
        Damage("an overlong encoding", .encoding, line: 100, "not valid UTF-8") { $0[99] += [0xC0, 0xAF] },
        Damage("half a surrogate pair", .encoding, line: 100, "not valid UTF-8") { $0[99] += [0xED, 0xA0, 0x80] },
        Damage("UTF-16, little end first", .encoding, line: 1, "UTF-16") { lines in
            lines = [Data([0xFF, 0xFE]) + utf16(lines, { [UInt8($0 & 255), UInt8($0 >> 8)] })]
        },
        Damage("UTF-16, big end first", .encoding, line: 1, "UTF-16") { lines in
            lines = [Data([0xFE, 0xFF]) + utf16(lines, { [UInt8($0 >> 8), UInt8($0 & 255)] })]
        },
        Damage("UTF-16 without a mark", .format, line: 1, "not surah|ayah|text") { lines in
            lines = [utf16(lines, { [UInt8($0 & 255), UInt8($0 >> 8)] })]
        },
        Damage("a comment in Latin-1", .encoding, line: 1, "not valid UTF-8") {
            $0.insert(Data([0x23, 0x20, 0xA9]), at: 0)
        },
        Damage("a notice without end", .format, line: 3, "copyright notice") { lines in
            lines.insert(
                contentsOf: Array(repeating: Data("#\(String(repeating: "x", count: 30000))".utf8), count: 9), at: 0)
        },
        Damage("a control character of C1", .encoding, line: 100, "U+85") { $0[99] += [0xC2, 0x85] },
        Damage("a CR inside a text", .encoding, line: 100, "U+D") { $0[99] += Data("\rmore".utf8) },
        Damage("two CRs at a line end", .encoding, line: 100, "U+D") { $0[99] += Data("\r\r".utf8) },
        Damage("CR line ends", .encoding, line: 1, "U+D") { $0 = [Data($0.joined(separator: [13]))] },
        Damage("a NUL", .encoding, line: 100, "U+0") { $0[99] += [0] },
        Damage("a byte order mark inside", .encoding, line: 100, "U+FEFF") { $0[99] += [0xEF, 0xBB, 0xBF] },
        Damage("a line without pipes", .format, line: 100, "not surah|ayah|text") { $0[99] = Data("2 93 text".utf8) },
        Damage("a line with one pipe", .format, line: 100, "not surah|ayah|text") { $0[99] = Data("2|93 text".utf8) },
        Damage("a line of white space", .format, line: 100, "not surah|ayah|text") {
            $0.insert(Data(" ".utf8), at: 99)
        },
        Damage("a key with zeros in front", .format, line: 100, "not surah|ayah|text") {
            $0[99] = Data("002|093|text".utf8)
        },
        Damage("a key with a sign", .format, line: 100, "not surah|ayah|text") { $0[99] = Data("+2|93|text".utf8) },
        Damage("a negative key", .format, line: 100, "not surah|ayah|text") { $0[99] = Data("2|-93|text".utf8) },
        Damage("a key with a space", .format, line: 100, "not surah|ayah|text") { $0[99] = Data(" 2|93|text".utf8) },
        Damage("a key in Arabic digits", .format, line: 100, "not surah|ayah|text") { $0[99] = Data("٢|٩٣|text".utf8) },
        Damage("an endless key", .format, line: 100, "not surah|ayah|text") {
            $0[99] = Data("2|99999999999999999999|text".utf8)
        },
    ]

    @Test(arguments: zip(DatabaseEngine.alternating(damages.count), damages))
    func `damaged content is refused with file, line and reason, and the store stays as it was`(
        engine: DatabaseEngine, damage: Damage
    ) async throws {
        let content = try SmallContent()
        try content.edit(SmallContent.script, damage.change)
        // Whether pins are asked for or not: an incomplete set is never admitted.
        for (kind, allowUnpinned) in [(UntouchedStore.empty, true), (.seeded, false)] {
            let store = try await kind.open(engine)
            let error = try await refusal(of: content, by: store, allowUnpinned: allowUnpinned)
            #expect(error.code == damage.code)
            #expect(error.file == SmallContent.script)
            #expect(error.line == damage.line)
            #expect(error.reason.contains(damage.reason), "\(error.reason)")
            #expect(error.description.hasPrefix("quran-uthmani.txt:\(damage.line ?? -1): "))
        }
    }

    @Test(arguments: DatabaseEngine.allCases, UntouchedStore.allCases)
    func `a changed byte is refused by its hash`(engine: DatabaseEngine, kind: UntouchedStore) async throws {
        let content = try SmallContent()
        // A fatha becomes a kasra.
        try content.edit(SmallContent.script) { lines in
            let line = lines.indices.first { lines[$0].firstRange(of: [0xD9, 0x8E]) != nil && $0 > 2000 } ?? 0
            guard let mark = lines[line].firstRange(of: [0xD9, 0x8E]) else { return }
            lines[line].replaceSubrange(mark, with: [0xD9, 0x90])
        }
        let error = try await refusal(of: content, by: try await kind.open(engine))
        #expect(error.code == .hashMismatch)
        #expect(error.file == SmallContent.script)
        let pin = try #require(content.seedData.catalogue.first?.sha256)
        #expect(error.reason.contains(pin))
        #expect(error.reason.contains("--allow-unpinned"))
    }

    @Test(arguments: DatabaseEngine.allCases, UntouchedStore.allCases)
    func `a text without the basmala in one surah is refused, also when unpinned`(
        engine: DatabaseEngine, kind: UntouchedStore
    ) async throws {
        let content = try SmallContent()
        let line = try #require(AyahKey("50:1").flatMap { content.structure.number(of: $0) }).value
        try content.edit(SmallContent.script) { lines in
            let basmala = Data("\(SyntheticContent.basmala) ".utf8)
            guard let range = lines[line - 1].firstRange(of: basmala) else { return }
            lines[line - 1].removeSubrange(range)
        }
        let store = try await kind.open(engine)
        #expect(try await refusal(of: content, by: store).code == .hashMismatch)
        let error = try await refusal(of: content, by: store, allowUnpinned: true)
        #expect(error.code == .format)
        #expect(error.file == SmallContent.script)
        #expect(error.line == line)
        #expect(error.reason.contains("50:1 does not start with the basmala"))
    }

    @Test(arguments: DatabaseEngine.allCases, [SmallContent.script, SmallContent.translation, SmallContent.tafsir])
    func `damage in any of the files refuses all of them`(engine: DatabaseEngine, file: String) async throws {
        let content = try SmallContent()
        try content.edit(file) { $0.remove(at: 4999) }
        for kind in UntouchedStore.allCases {
            let error = try await refusal(of: content, by: try await kind.open(engine))
            #expect(error.code == .incomplete)
            #expect(error.file == file)
            #expect(error.line == 5000)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a folder with none of the files is refused`(engine: DatabaseEngine) async throws {
        let content = try SmallContent(files: [])
        try content.write(Data("hello".utf8), to: "README.txt")
        let error = try await refusal(of: content, by: try await UntouchedStore.seeded.open(engine))
        #expect(error.code == .incomplete)
        #expect(error.file == content.folder.path)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a folder where a file should be is refused`(engine: DatabaseEngine) async throws {
        let content = try SmallContent(files: [SmallContent.translation])
        try FileManager.default.createDirectory(
            at: content.folder.appending(path: SmallContent.script), withIntermediateDirectories: true)
        let error = try await refusal(of: content, by: try await UntouchedStore.seeded.open(engine))
        #expect(error.code == .unreadable)
        #expect(error.file == SmallContent.script)
    }

    @Test func `a content folder that is not there is refused`() {
        let missing = TemporaryFolder.unique("nowhere")
        let error = #expect(throws: ContentError.self) { try ContentFolder(missing) }
        #expect(error?.code == .unreadable)
        #expect(error?.file == missing.path)
    }
}

private func utf16(_ lines: [Data], _ encode: (UInt16) -> [UInt8]) -> Data {
    Data(String(decoding: Data(lines.joined(separator: [10])), as: UTF8.self).utf16.flatMap(encode))
}
