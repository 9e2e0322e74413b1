import Hummingbird

/// What is wrong with requests before anybody routes them.
extension Problem {
    static func headTooLarge(_ limits: ConnectionLimits) -> Problem {
        Problem(
            status: .requestHeaderFieldsTooLarge, kind: "head-too-large",
            detail: "Header fields may have \(limits.headerField) bytes each, \(limits.headerList) bytes together, "
                + "and be \(limits.headerCount).")
    }

    static func targetTooLong(_ limits: ConnectionLimits) -> Problem {
        Problem(
            status: .uriTooLong, kind: "target-too-long", detail: "The address has more than \(limits.target) bytes.")
    }

    static let unmetExpectation = Problem(
        status: .expectationFailed, kind: "unmet-expectation", detail: "Expect may say 100-continue.")

    static func tooSlow(_ detail: String) -> Problem {
        Problem(status: .requestTimeout, kind: "too-slow", detail: detail)
    }

    static func malformed(_ detail: String) -> Problem {
        Problem(status: .badRequest, kind: "malformed-request", detail: detail)
    }
}
