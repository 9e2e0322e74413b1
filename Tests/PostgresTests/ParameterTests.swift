import Postgres
import TestSupport
import Testing

@Suite struct ParameterTests {
    static let texts = [
        "", "plain", "it's a \"quote\"; DROP TABLE ayahs; -- $1 \\ \\x00 %s",
        "بِسْمِ ٱللَّهِ ٱلرَّحْمَـٰنِ ٱلرَّحِيمِ", "e\u{301} is not \u{E9}", "📖👩‍👩‍👧‍👦\u{FEFF}\u{200F} \r\n\t",
        String(repeating: "ٱلْحَمْدُ ", count: 1 << 16),
    ]

    @Test("A text comes back byte for byte", arguments: texts)
    func textRoundTrip(text: String) async throws {
        try await withPool { pool in
            let back = try await pool.withConnection { connection in
                let result = try connection.query("SELECT $1::text, octet_length($1::text)", [.text(text)])
                #expect(try result.int(0, 1) == Int64(text.utf8.count))
                #expect(try result.withUTF8(0, 0) { $0.count } == text.utf8.count)
                return try result.text(0, 0)
            }
            #expect(Array(back.utf8) == Array(text.utf8))
        }
    }

    @Test("A text with a NUL is refused before it is sent, without its value in the error")
    func nulIsRefused() async throws {
        try await withPool { pool in
            let error = try await postgresError {
                try await pool.withConnection { _ = try $0.query("SELECT $1::text", [.text("hid\0den")]) }
            }
            #expect(error.code == .invalidParameter)
            #expect(!error.description.contains("hid"))
            #expect(error.file.hasSuffix("ParameterTests.swift"))
            let sqlError = try await postgresError { try await pool.withConnection { _ = try $0.query("SELECT 1\0") } }
            #expect(sqlError.code == .invalidParameter)
        }
    }

    @Test("Integers, doubles, booleans and nulls come back")
    func scalars() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                for value in [Int64.min, -1, 0, 1, 9, 10, .max] {
                    #expect(try connection.query("SELECT $1::int8", [.int(value)]).int(0, 0) == value)
                }
                for value in [0, -0.1, 1e300, .leastNonzeroMagnitude, .infinity, -.infinity, .pi] {
                    #expect(try connection.query("SELECT $1::float8", [.double(value)]).double(0, 0) == value)
                }
                #expect(try connection.query("SELECT $1::float8", [.double(.nan)]).double(0, 0).isNaN)
                let result = try connection.query(
                    "SELECT $1::bool AS yes, $2::bool AS no, $3::text AS nothing, $4::bytea",
                    [
                        .bool(true), .bool(false), .null, .null,
                    ])
                #expect(result.count == 1 && result.columnCount == 4)
                #expect(result.columnNames == ["yes", "no", "nothing", "bytea"])
                #expect(try result.bool(0, 0) && !result.bool(0, 1))
                #expect(!result.isNull(0, 0) && result.isNull(0, 2) && result.isNull(0, 3))
                #expect(throws: PostgresError.self) { try result.text(0, 2) }
            }
        }
    }

    @Test("A number beyond 64 bits, and what is no number, is an error and not a crash")
    func badIntegers() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                for sql in ["9223372036854775808", "-9223372036854775809", "12a", "", "-", "1.5", " 1"] {
                    let result = try connection.query("SELECT $1::text", [.text(sql)])
                    #expect(throws: PostgresError.self) { try result.int(0, 0) }
                }
            }
        }
    }

    @Test("Bytes come back in both of the server's output formats", arguments: ["hex", "escape"])
    func bytesRoundTrip(format: String) async throws {
        let bytes = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        try await withPool { pool in
            try await pool.withConnection { connection in
                try connection.execute(script: "SET bytea_output = \(format)")
                for value in [[], [0], [0x5C, 0x78], Array("\\x4".utf8), bytes] {
                    #expect(try connection.query("SELECT $1::bytea", [.bytes(value)]).bytes(0, 0) == value)
                }
            }
        }
    }

    @Test("Affected rows are counted")
    func affectedRows() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                try connection.execute(script: "CREATE TEMP TABLE numbers (n int); CREATE TEMP TABLE more (n int)")
                let sql = "INSERT INTO numbers SELECT generate_series(1, $1::int)"
                #expect(try connection.query(sql, [.int(6236)]).affectedRows == 6236)
                #expect(try connection.query("DELETE FROM numbers WHERE n <= $1", [.int(36)]).affectedRows == 36)
                #expect(try connection.query("TRUNCATE numbers").affectedRows == 0)
            }
        }
    }

    @Test("A wrong number of parameters is an ordinary error, the connection stays")
    func wrongNumberOfParameters() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                let pid = try connection.query("SELECT pg_backend_pid()").int(0, 0)
                let error = #expect(throws: PostgresError.self) {
                    try connection.query("SELECT $1::int, $2::int", [.int(1)])
                }
                #expect(error?.code == .server(sqlState: "08P01"))
                #expect(try connection.query("SELECT pg_backend_pid()").int(0, 0) == pid)
            }
        }
    }
}
