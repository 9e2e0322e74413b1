import Testing

@testable import Observability

@Suite struct `A Sentry DSN` {
    @Test(arguments: [
        ("https://abc123@o1.ingest.sentry.io/42", "https://o1.ingest.sentry.io/api/42/envelope/"),
        ("http://K@localhost:9000/1", "http://localhost:9000/api/1/envelope/"),
        ("https://k@relay.example/sentry/behind/7", "https://relay.example/sentry/behind/api/7/envelope/"),
        ("https://k@[::1]:9000/7", "https://[::1]:9000/api/7/envelope/"),
    ])
    func `says where envelopes are posted to, and prints without its key`(text: String, address: String) throws {
        let dsn = try #require(SentryDSN(text))
        #expect(dsn.envelopes == address && dsn.text == text)
        #expect(!"\(dsn)\(String(reflecting: dsn))".contains("\(dsn.publicKey)@"))
        var dumped = ""
        dump(dsn, to: &dumped)
        #expect(!dumped.contains("\(dsn.publicKey)@"))
    }

    @Test(arguments: [
        "", "nonsense", "https://o1.ingest.sentry.io/42", "https://key@/42", "https://key@host", "https://key@host/",
        "https://key@host/project", "https://key@host/42/", "https://key@host//42", "https://key:secret@host/42",
        "https://key@host/42?a=b", "https://key@host/42#a", "ftp://key@host/42", "https://k-y@host/42",
        "https://key@host/../42", "https://key@host/%2e/42", " https://key@host/42", "https://key@host/42\n",
        "https://key@ho st/42", "https://key@host:0/42", "https://key@host:99999/42", "//key@host/42",
        "https://@host/42",
        "https://key@host/٤٢", "https://key@host/123456789012345678901",
    ])
    func `that is malformed is none`(text: String) { #expect(SentryDSN(text) == nil) }
}
