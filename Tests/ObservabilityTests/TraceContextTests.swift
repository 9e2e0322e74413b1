import Observability
import Testing

@Suite struct `Trace context` {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func `a request continues its client's trace as a piece of its own`() throws {
        let trace = try #require(TraceContext(traceparent: Self.parent))
        #expect(trace.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(trace.parentSpanID == "00f067aa0ba902b7")
        #expect(trace.spanID != trace.parentSpanID)
        #expect(trace.isSampled)
        #expect(trace.traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-\(trace.spanID)-01")
        #expect(try #require(TraceContext(traceparent: trace.traceparent)).traceID == trace.traceID)
    }

    @Test(arguments: [
        "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
        "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "٠٠-4bf9-00f0-01",
    ])
    func `what is malformed begins no trace`(header: String) { #expect(TraceContext(traceparent: header) == nil) }

    @Test func `a later version may say more`() {
        let header = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more"
        #expect(TraceContext(traceparent: header)?.isSampled == true)
    }

    @Test func `traces that begin here differ, and are well-formed`() throws {
        let (a, b) = (TraceContext(), TraceContext())
        #expect(a.traceID != b.traceID && a.spanID != b.spanID)
        #expect(a.parentSpanID == nil)
        #expect(TraceContext(traceparent: a.traceparent)?.parentSpanID == a.spanID)
        let many = (0..<10_000).map { _ in TraceContext() }
        #expect(Set(many.map(\.traceID)).count == 10_000 && Set(many.map(\.spanID)).count == 10_000)
    }

    @Test func `a trace that only Sentry's header names is continued as well`() throws {
        for (flag, isSampled) in [("", false), ("-0", false), ("-1", true)] {
            let trace = try #require(
                TraceContext(sentryTrace: "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7\(flag)"))
            #expect(trace.traceID == "4bf92f3577b34da6a3ce929d0e0e4736" && trace.isSampled == isSampled)
            #expect(trace.parentSpanID == "00f067aa0ba902b7")
        }
        for malformed in [
            "", "-", "4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-",
            "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-2", "4bf92f3577b34da6a3ce929d0e0e4736-x-1",
            "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1-1",
        ] { #expect(TraceContext(sentryTrace: malformed) == nil) }
    }

    @Test func `work that is named alike is of one trace, in spans of its own`() {
        let (one, two) = (TraceContext(seed: Array(1...32)), TraceContext(seed: Array(1...32)))
        #expect(one.traceID == "0102030405060708090a0b0c0d0e0f10" && two.traceID == one.traceID)
        #expect(one.spanID != two.spanID)
        #expect(one.headers.map(\.name) == ["traceparent"])
        #expect(one.headers.map(\.value) == [one.traceparent])
    }
}
