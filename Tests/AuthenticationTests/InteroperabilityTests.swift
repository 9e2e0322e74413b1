import Authentication
import Foundation
import TestSupport
import Testing

/// Made once with joserfc 1.6.5 (Python, on OpenSSL) for keys that are used nowhere else.
@Suite struct `Tokens of another library` {
    private static let secret = "a secret of more than thirty-two bytes"

    private static let keys = #"""
        {"keys":[
        {"n":"sVhuJgYEKVd9-5kGkc_8Wz7boqDQU7iRHhkApIaq5q--xPiAcvmAqXVPTC-rPuGKF3I38Y5VCIBBh6Bnm1bLKknVJsNw4tQl2E6L\#
        fqSCURaqOFf0uTFbt-PyhlTXv_PfiP8UMPok2TboJHZaeS463b73piXvX-bnmHJk7WhSeKf9yGi7M_HcP8uYq0FpT6xZGB0_rz3C\#
        9QXdWYPG405wfE9Sas0zawnHLQ0_9buDDweFfFMEYka9e4tFD0ta8Tlh03jOCIrJ8pTtt_8SNSFYuZeYjy9QzzVWD0IdzGqJlbLx\#
        wCHcbBG7MtGB_XgZbULo5dLa1dS6XdfRkYG3dMiRXw",\#
        "e":"AQAB",\#
        "kid":"rsa",\#
        "use":"sig",\#
        "kty":"RSA"},
        {"crv":"P-256",\#
        "x":"gH6pXRkLevE5k0iTKyP9fetBeu-vEdQ-Q-DYrB4-U3I",\#
        "y":"7hwwQuoNBLarEjVrZ71BYWrlHpOexLqDATt5dXJKe6s",\#
        "kid":"ec",\#
        "kty":"EC"},
        {"crv":"Ed25519",\#
        "x":"ipRJuem4IQQ1avqAJorgCKIads91ac-3lDsWyoX-t78",\#
        "kid":"ed",\#
        "kty":"OKP"}
        ]}
        """#

    private static let tokenHS256 = """
        eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoicmVhZGVyQGV\
        4YW1wbGUub3JnIiwiYXVkIjpbInF1cmFuLWJhY2tlbmQiLCJvdGhlciJdLCJleHAiOjE4MDAwMDM2MDAsIm5iZiI6MTc5OTk5MDA\
        wMCwiaWF0IjoxNzk5OTk5MDAwLCJyb2xlIjoiYWRtaW4iLCJuYW1lIjoi2YLYp9ix2KYifQ._Lthwr-9y2nZEbBy-iaPxTlaEP5_\
        fRvHqi_jQU7cyHU
        """

    private static let tokenRS256 = """
        eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiw\
        ic3ViIjoicmVhZGVyQGV4YW1wbGUub3JnIiwiYXVkIjpbInF1cmFuLWJhY2tlbmQiLCJvdGhlciJdLCJleHAiOjE4MDAwMDM2MDA\
        sIm5iZiI6MTc5OTk5MDAwMCwiaWF0IjoxNzk5OTk5MDAwLCJyb2xlIjoiYWRtaW4iLCJuYW1lIjoi2YLYp9ix2KYifQ.p8oIheuV\
        K86UT6wUvIGt1hNnfQtDUADgmz-9lDwgm59DG_nd3czKiDPlEZo_T95b9xXybUq28utMzkL6a9oQIdjI8lQ8k1RRTj2_QJpOVkas\
        rxE3jecChZvWoBs5tG38ldtgF_-S4R6zTnjmHHyADgF9JzKO94DDUO-JLqSPri0HGeOt2GDCW5AZ_rtFlLCRY0IQdC5thUzTxRL7\
        5gkk9dKnCOgz30zpH2avoAAKai9KI991mKw_JXYBPbeaPvUKDoCKlv64mFV5pTuF2PEWDbTMHOS09Giq0BprRdjNHjoqUapLQ3B-\
        xW0VqRfnRDc_tvEJssFMGyG_Z8h3QtDxHg
        """

    private static let tokenES256 = """
        eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiIsImtpZCI6ImVjIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwi\
        c3ViIjoicmVhZGVyQGV4YW1wbGUub3JnIiwiYXVkIjpbInF1cmFuLWJhY2tlbmQiLCJvdGhlciJdLCJleHAiOjE4MDAwMDM2MDAs\
        Im5iZiI6MTc5OTk5MDAwMCwiaWF0IjoxNzk5OTk5MDAwLCJyb2xlIjoiYWRtaW4iLCJuYW1lIjoi2YLYp9ix2KYifQ.lRZYxsbzg\
        6pXB1B6v70obgyI2GUMOQU5yhmk7ROuXFb-a5-HFn6RUi2bwDS01bKiLr3Y-VAm3zP9Codx2t55Bw
        """

    private static let tokenEdDSA = """
        eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwi\
        c3ViIjoicmVhZGVyQGV4YW1wbGUub3JnIiwiYXVkIjpbInF1cmFuLWJhY2tlbmQiLCJvdGhlciJdLCJleHAiOjE4MDAwMDM2MDAs\
        Im5iZiI6MTc5OTk5MDAwMCwiaWF0IjoxNzk5OTk5MDAwLCJyb2xlIjoiYWRtaW4iLCJuYW1lIjoi2YLYp9ix2KYifQ.26z1NiW5z\
        L9xb4qNSx-lZe9BZsEkw9tX_n9mymcJw_xDTDsRMwCYWA2EBe62qAsPIQeYq0VgsdV09S4S5ptaCA
        """

    private let policy: TokenPolicy

    init() throws { policy = try TokenPolicy(issuer: "https://issuer.example", audience: "quran-backend") }

    @Test func `of HS256 verify`() async throws {
        let verifier = try await TokenVerifier(
            keys: .secret(Secret(Self.secret)), policy: policy, clock: TestClock().clock, logger: .silent)
        let user = try await verifier.verify(Self.tokenHS256)
        #expect(user == User(id: try UserID("reader@example.org"), role: .admin))
    }

    @Test(arguments: [tokenRS256, tokenES256, tokenEdDSA]) func `of published keys verify`(token: String) async throws {
        try await withKeyFile(Self.keys, policy: policy) { verifier, _ async throws in
            let user = try await verifier.verify(token)
            #expect(user == User(id: try UserID("reader@example.org"), role: .admin))
        }
    }

    @Test func `of RFC 7515 and RFC 8037 have good signatures and no user`() async throws {
        // RFC 7515, appendix A.3, and RFC 8037, appendix A.4: their payloads are no claims of a user.
        let set = #"""
            {"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
            {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}
            """#
        let es256 = """
            eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290\
            Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q
            """
        let edDSA = """
            eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
            hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg
            """
        try await withKeyFile(set) { verifier, _ async throws in
            #expect(await verifier.refusal(of: es256) == .badClaims)
            #expect(await verifier.refusal(of: edDSA) == .malformed)
            #expect(await verifier.refusal(of: String(es256.dropLast(5)) + "AAAAQ") == .badSignature)
        }
    }
}
