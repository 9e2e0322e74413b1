import Foundation
import Quran
import TestSupport

/// The XML files that Tanzil publishes, written from what they should say, a line an element.
enum PublishedXML {
    /// A script, whose basmalas become attributes. The lines before the first `<sura>` are five.
    static func script(_ texts: [String], structure: QuranStructure, quote: String = "\"") -> [String] {
        var lines = ["<?xml version=\"1.0\" encoding=\"utf-8\" ?>", "<!--", "# A notice of our own.", "-->", "<quran>"]
        for surah in structure.surahs {
            lines.append("\t<sura index=\(quote)\(surah.number)\(quote) name=\(quote)name\(quote)>")
            for (index, number) in structure.range(of: surah.number).numbers.enumerated() {
                var text = texts[number.value - 1]
                var basmala = ""
                if index == 0, surah.hasBasmala {
                    let spelling =
                        [SyntheticContent.basmala, SyntheticContent.basmalaWithShadda]
                        .first { text.utf8.starts(with: $0.utf8) } ?? ""
                    text = String(decoding: text.utf8.dropFirst(spelling.utf8.count + 1), as: UTF8.self)
                    basmala = " bismillah=\(quote)\(escaped(spelling))\(quote)"
                }
                lines.append(
                    "\t\t<aya index=\(quote)\(index + 1)\(quote) text=\(quote)\(escaped(text))\(quote)\(basmala) />")
            }
            lines.append("\t</sura>")
        }
        return lines + ["</quran>", ""]
    }

    /// `quran-data.xml`.
    static func metadata(_ structure: QuranStructure) -> [String] {
        var lines = [
            "<?xml version=\"1.0\" encoding=\"utf-8\" ?>", "<quran type=\"metadata\" version=\"1.0\">", "<suras>",
        ]
        for surah in structure.surahs {
            let place = surah.revelationPlace == .meccan ? "Meccan" : "Medinan"
            lines.append(
                "<sura index=\"\(surah.number)\" ayas=\"\(surah.ayahCount)\" name=\"n\" tname=\"t\" ename=\"e\" "
                    + "type=\"\(place)\" order=\"\(surah.revelationOrder)\" />")
        }
        lines.append("</suras>")
        for (kind, list, element) in [
            (DivisionKind.juz, "juzs", "juz"), (.rub, "hizbs", "quarter"), (.manzil, "manzils", "manzil"),
            (.ruku, "rukus", "ruku"), (.page, "pages", "page"),
        ] {
            let starts = structure.divisions.first { $0.kind == kind && $0.isDefault }?.starts ?? []
            lines.append("<\(list)>")
            for (index, start) in starts.enumerated() {
                lines.append("<\(element) index=\"\(index + 1)\" sura=\"\(start.surah)\" aya=\"\(start.ayah)\" />")
            }
            lines.append("</\(list)>")
        }
        lines.append("<sajdas>")
        for sajda in structure.sajdas {
            lines.append(
                "<sajda index=\"\(sajda.number)\" sura=\"\(sajda.ayah.surah)\" aya=\"\(sajda.ayah.ayah)\" "
                    + "type=\"\(sajda.kind.rawValue)\" />")
        }
        return lines + ["</sajdas>", "</quran>", ""]
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
            .replacing("'", with: "&apos;")
    }
}

extension SmallContent {
    private static let xmlLines = Dictionary(
        uniqueKeysWithValues: ["\"", "'"].map { quote in
            let texts = SyntheticContent.shared.published[script] ?? []
            return (quote, PublishedXML.script(texts, structure: shared.structure, quote: quote))
        })

    /// The synthetic script as XML, in place of its text form.
    ///
    /// - Parameter others: the files beside it; what is asked of the XML alone needs none.
    static func withXML(
        quote: String = "\"", beside others: [String] = [], _ change: (inout [String]) -> Void = { _ in }
    ) throws -> SmallContent {
        let content = try SmallContent(files: others)
        var lines = xmlLines[quote] ?? []
        change(&lines)
        try content.write(Data(lines.joined(separator: "\n").utf8), to: scriptXML)
        return content
    }
}
