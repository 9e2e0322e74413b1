import Caching
import TestSupport
import Testing

@Suite struct CacheKeyTests {
    @Test func `a key is prefix, type and id`() {
        #expect(CacheKey(.shared("quran"), "surah:2").description == "quran_backend:quran:surah:2")
        #expect(CacheKey(.shared("reciters"), "list").description == "quran_backend:reciters:list")
        #expect(CacheKey(.perUser("bookmarks"), "42").description == "quran_backend:bookmarks:42")
    }

    @Test func `keys are equal if type and id are`() {
        #expect(CacheKey(.shared("quran"), "a") == CacheKey(.shared("quran"), "a"))
        #expect(CacheKey(.shared("quran"), "a") != CacheKey(.shared("quran"), "b"))
        #expect(CacheKey(.shared("quran"), "a") != CacheKey(.shared("tafsir"), "a"))
    }

    @Test func `what is shared lives 7 days, what belongs to a user 1 hour`() {
        #expect(CacheNamespace.shared("quran").timeToLive == .seconds(604_800))
        #expect(CacheNamespace.perUser("bookmarks").timeToLive == .seconds(3600))
    }
}
