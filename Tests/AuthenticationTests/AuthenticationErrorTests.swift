import Authentication
import Testing

@Suite struct `An authentication error` {
    @Test(arguments: AuthenticationError.Code.allCases)
    func `is answered as RFC 6750 has it`(code: AuthenticationError.Code) {
        let error = AuthenticationError(code, "a sentence")
        switch code {
        case .missing:
            #expect(error.status == 401)
            #expect(error.challenge == #"Bearer realm="quran-backend""#)
        case .keysUnavailable:
            #expect(error.status == 503)
            #expect(error.challenge == nil)
        case .invalidConfiguration:
            #expect(error.status == 500)
            #expect(error.challenge == nil)
        default:
            #expect(error.status == 401)
            #expect(
                error.challenge
                    == #"Bearer realm="quran-backend", error="invalid_token", error_description="a sentence""#)
        }
        #expect("\(error)" == "\(code.rawValue): a sentence")
    }
}
