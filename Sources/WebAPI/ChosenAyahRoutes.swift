import Caching
import ContentService
import Foundation
import HTTPTypes
import Hummingbird
import Quran

/// Ayahs that nobody asks for by number: any one, and that of a day.
struct ChosenAyahRoutes {
    let responder: ContentResponder
    let now: @Sendable () -> Date

    private var content: ContentService { responder.content }

    func add(to api: some RouterMethods<APIRequestContext>) {
        api.getOnly("ayahs/random") { request, context in
            let query = try Query(request, allowed: ["surah"] + Query.textParameters)
            let surah = try query.number("surah", in: 1...SurahNumber.count).flatMap(SurahNumber.init)
            let range = surah.map { content.structure.range(of: $0) } ?? .all
            guard let ayah = range.numbers.randomElement() else { preconditionFailure("a range has an ayah") }
            let answer = try await context.steps.reading { try await content.ayah(ayah, options: query.textOptions()) }
            // Whoever asks again wants another one.
            var headers = answer.headers
            headers[.cacheControl] = "no-store"
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: answer.entry.body))
        }
        api.getOnly("ayahs/of-the-day") { request, context in
            let query = try Query(request, allowed: ["date"] + Query.textParameters)
            let (day, rest) = try day(query)
            let answer = try await context.steps.reading {
                try await content.ayah(AyahNumber(of: day), options: query.textOptions())
            }
            return try await responder.response(to: request, with: answer, for: rest)
        }
    }

    /// - Returns: the day that is asked for, and the seconds until it is another one, if it is today.
    private func day(_ query: Query) throws(Problem) -> (CalendarDay, Int?) {
        guard let date = query["date"] else {
            return CalendarDay.at(secondsSince1970: Int(now().timeIntervalSince1970.rounded(.down)))
        }
        guard let day = CalendarDay(date) else {
            throw .invalid("date", "“\(date)” is no date", allowed: "YYYY-MM-DD")
        }
        return (day, nil)
    }
}
