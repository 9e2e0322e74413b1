import Foundation
import Quran
import Storage
import TestSupport
import Testing

@Suite struct `Published metadata` {
    private static func content(_ change: (inout [String]) -> Void = { _ in }) throws -> SmallContent {
        let content = try SmallContent()
        var lines = PublishedXML.metadata(content.structure)
        change(&lines)
        try content.write(Data(lines.joined(separator: "\n").utf8), to: "quran-data.xml")
        return content
    }

    @Test(arguments: DatabaseEngine.allCases)
    func `a quran-data.xml that agrees is accepted`(engine: DatabaseEngine) async throws {
        try await TestDatabase.with(engine) { store in
            let report = try await Self.content().seed(store)
            #expect(report.facts == .loaded)
        }
    }

    struct Difference: Sendable, CustomTestStringConvertible {
        let element: String
        let old: String
        let new: String
        var testDescription: String { "\(element): \(old) → \(new)" }

        init(_ element: String, _ old: String, _ new: String) {
            self.element = element
            self.old = old
            self.new = new
        }
    }

    /// Each changes one number of one line, which starts like `element`.
    private static let differences: [Difference] = [
        Difference("<sura index=\"2\"", "ayas=\"286\"", "ayas=\"287\""),
        Difference("<sura index=\"114\"", "ayas=\"6\"", "ayas=\"5\""),
        Difference("<sura index=\"2\"", "order=\"87\"", "order=\"88\""),
        Difference("<sura index=\"2\"", "type=\"Medinan\"", "type=\"Meccan\""),
        Difference("<sura index=\"2\"", "index=\"2\"", "index=\"3\""),
        Difference("<juz index=\"30\"", "sura=\"78\"", "sura=\"79\""),
        Difference("<juz index=\"2\"", "aya=\"142\"", "aya=\"143\""),
        Difference("<juz index=\"2\"", "index=\"2\"", "index=\"3\""),
        Difference("<quarter index=\"2\"", "aya=\"26\"", "aya=\"27\""),
        Difference("<quarter index=\"5\"", "aya=\"75\"", "aya=\"76\""),
        Difference("<manzil index=\"7\"", "sura=\"50\"", "sura=\"51\""),
        Difference("<ruku index=\"556\"", "sura=\"114\"", "sura=\"113\""),
        Difference("<ruku index=\"3\"", "aya=\"8\"", "aya=\"9\""),
        Difference("<page index=\"604\"", "sura=\"112\"", "sura=\"113\""),
        Difference("<page index=\"3\"", "aya=\"6\"", "aya=\"7\""),
        Difference("<sajda index=\"15\"", "aya=\"19\"", "aya=\"18\""),
        Difference("<sajda index=\"15\"", "type=\"obligatory\"", "type=\"recommended\""),
    ]

    @Test(arguments: DatabaseEngine.allCases, differences)
    func `one number off is refused`(engine: DatabaseEngine, difference: Difference) async throws {
        let content = try Self.content { lines in
            guard let line = lines.firstIndex(where: { $0.hasPrefix(difference.element) }) else { return }
            lines[line] = lines[line].replacing(difference.old, with: difference.new)
        }
        for kind in UntouchedStore.allCases {
            let error = try await refusal(of: content, by: try await kind.open(engine), allowUnpinned: true)
            #expect(error.code == .contradiction, "\(error)")
            #expect(error.file == "quran-data.xml")
        }
    }

    @Test(
        arguments: DatabaseEngine.allCases, ["<sura ", "<juz ", "<quarter ", "<manzil ", "<ruku ", "<page ", "<sajda "])
    func `an element too few or too many is refused`(engine: DatabaseEngine, element: String) async throws {
        let store = try await UntouchedStore.empty.open(engine)
        let changes: [(inout [String], Int) -> Void] = [{ $0.remove(at: $1) }, { $0.insert($0[$1], at: $1) }]
        for change in changes {
            for isLast in [false, true] {
                let content = try Self.content { lines in
                    let line = lines.indices.filter { lines[$0].hasPrefix(element) }
                    change(&lines, (isLast ? line.last : line.first) ?? 0)
                }
                #expect(try await refusal(of: content, by: store).code == .contradiction)
            }
        }
    }

    @Test(
        arguments: DatabaseEngine.allCases,
        [
            Difference("<page index=\"3\"", "sura=\"2\"", ""),
            Difference("<page index=\"3\"", "sura=\"2\"", "sura=\"115\""),
            Difference("<page index=\"3\"", "aya=\"6\"", "aya=\"0\""), Difference("<page index=\"3\"", "/>", ">"),
            Difference("<sura index=\"2\"", "Medinan", "Elsewhere"),
            Difference("<sajda index=\"2\"", "recommended", "new"),
        ])
    func `metadata that can't be read is refused with its line`(
        engine: DatabaseEngine, difference: Difference
    ) async throws {
        let content = try Self.content { lines in
            guard let line = lines.firstIndex(where: { $0.hasPrefix(difference.element) }) else { return }
            lines[line] = lines[line].replacing(difference.old, with: difference.new)
        }
        let error = try await refusal(of: content, by: try await UntouchedStore.seeded.open(engine))
        #expect(error.code == .format)
        #expect(error.file == "quran-data.xml")
        #expect(error.line != nil)
    }
}
