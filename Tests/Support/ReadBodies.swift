/// What the read API answers with, as far as tests read it.
public struct SurahAnswer: Decodable {
    public let surah: SurahBody
    public let pagination: Pagination

    public struct SurahBody: Decodable {
        public let number: Int
        public let basmala: String?
        public let ayahs: [AyahBody]
    }
}

public struct AyahBody: Decodable {
    public struct Quoted: Decodable {
        public let edition: String
        public let text: String?
    }

    public struct Sajda: Decodable {
        public let number: Int
        public let kind: String
    }

    public let number: Int
    public let key: String
    public let juz: Int
    public let hizb: Int
    public let rub: Int
    public let manzil: Int
    public let ruku: Int
    public let page: Int
    public let sajda: Sajda?
    public let text: String?
    public let translations: [Quoted]
    public let tafsirs: [Quoted]
}

public struct Pagination: Decodable {
    public let perPage: Int
    public let currentPage: Int
    public let nextPage: Int?
    public let totalPages: Int
    public let totalRecords: Int
}
