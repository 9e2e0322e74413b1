import Quran

/// The XML format that Tanzil publishes the text of the Quran in: `<sura index>` with `<aya index text bismillah?>`.
///
/// The `bismillah` attribute is glued back with one space, which makes this the same ``PublishedText``, and the same
/// pin, as the text format.
enum TanzilXML {
    static func parse(
        _ bytes: [UInt8], file: String, structure: QuranStructure
    ) throws(ContentError) -> ParsedText {
        var reader = XMLReader(bytes, file: file)
        var sequence = AyahSequence(structure: structure, file: file)
        do {
            try read(&reader, into: &sequence)
        } catch {
            // What was found before is told too.
            sequence.refuse(error.code, line: error.line, error.reason)
        }
        return try sequence.finish(line: reader.line)
    }

    private static func read(_ reader: inout XMLReader, into sequence: inout AyahSequence) throws(ContentError) {
        let file = reader.file
        var hasNotice = false
        var surah = 0
        while let event = try reader.next() {
            switch event {
            case .comment(let text):
                let lines = text.split(separator: "\n").filter { $0.hasPrefix("#") }
                if !hasNotice { for line in lines { sequence.note(line, line: reader.line) } }
                hasNotice = hasNotice || !lines.isEmpty
            case .start("sura", let attributes, let line):
                surah = try XMLAttributes(element: "sura", attributes: attributes, file: file, line: line).int("index")
            case .start("aya", let attributes, let line):
                let aya = XMLAttributes(element: "aya", attributes: attributes, file: file, line: line)
                let text = try aya.string("text")
                let published = attributes["bismillah"].map { Basmala.join($0, text) } ?? text
                sequence.append(surah: surah, ayah: try aya.int("index"), text: Array(published.utf8)[...], line: line)
            case .start("quran", _, _), .end: break
            case .start(let name, _, let line):
                throw ContentError(.format, file: file, line: line, "the element <\(name)> is unknown here")
            }
        }
    }
}
