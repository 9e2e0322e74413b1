import JSON
public import Quran

/// What an answer shows of each ayah besides its numbers.
public struct TextOptions: Sendable, Hashable {
    /// The spelling of the Quran.
    public var script: EditionID
    /// In the order in which they are to be shown.
    public var translations: [EditionID]
    public var tafsirs: [EditionID]
    public var reciter: ReciterID?

    /// The script that is shown when none is asked for.
    public static let defaultScript = "uthmani"

    public init(
        script: EditionID? = nil, translations: [EditionID] = [], tafsirs: [EditionID] = [], reciter: ReciterID? = nil
    ) {
        guard let uthmani = EditionID(Self.defaultScript) else { preconditionFailure("the default script has a name") }
        self.script = script ?? uthmani
        self.translations = translations
        self.tafsirs = tafsirs
        self.reciter = reciter
    }

    /// The options as the last part of a cache key; empty for the defaults.
    var keySuffix: String {
        var parts: [String] = []
        if script.name != Self.defaultScript { parts.append("script=\(script)") }
        if !translations.isEmpty { parts.append("translations=" + translations.map(\.name).joined(separator: ",")) }
        if !tafsirs.isEmpty { parts.append("tafsirs=" + tafsirs.map(\.name).joined(separator: ",")) }
        if let reciter { parts.append("reciter=\(reciter)") }
        return parts.joined(separator: "&")
    }
}

/// Which rows of a listing an answer shows.
public struct PageRequest: Sendable, Hashable {
    /// The most rows a page may have, and how many it has when nothing is said: every surah fits on one.
    public static let maximumSize = 300

    /// From 1.
    public let page: Int
    /// 1…300.
    public let size: Int

    /// - Returns: `nil` if either number is out of bounds.
    public init?(page: Int, size: Int) {
        guard page >= 1, (1...Self.maximumSize).contains(size) else { return nil }
        self.page = page
        self.size = size
    }

    private init() {
        page = 1
        size = Self.maximumSize
    }

    /// The first page, of the greatest size.
    public static let first = PageRequest()

    var keySuffix: String {
        var parts: [String] = []
        if page != 1 { parts.append("page=\(page)") }
        if size != Self.maximumSize { parts.append("per_page=\(size)") }
        return parts.joined(separator: "&")
    }
}

/// One page of a listing and where it stands among the others.
struct Page: Sendable {
    let request: PageRequest
    let totalRecords: Int

    /// - Throws: ``ContentServiceError`` (`noSuchPage`) if the listing has fewer pages.
    init(_ request: PageRequest, of totalRecords: Int) throws(ContentServiceError) {
        self.request = request
        self.totalRecords = totalRecords
        guard request.page <= totalPages else { throw .noSuchPage(request.page, of: totalPages) }
    }

    /// An empty listing has one page.
    var totalPages: Int { max(1, (totalRecords + request.size - 1) / request.size) }

    /// The rows of the page, counted from 0.
    var rows: Range<Int> {
        let start = (request.page - 1) * request.size
        return start..<min(totalRecords, start + request.size)
    }

    func write(to json: inout JSONWriter) {
        json.key("pagination")
        json.object { json in
            json.member("per_page", request.size)
            json.member("current_page", request.page)
            json.member("next_page", request.page < totalPages ? request.page + 1 : nil)
            json.member("total_pages", totalPages)
            json.member("total_records", totalRecords)
        }
    }
}
