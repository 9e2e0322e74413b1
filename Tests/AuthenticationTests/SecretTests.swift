import Crypto
import Foundation
import TestSupport
import Testing

@testable import Authentication

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct `A secret` {
    @Test(arguments: [0, 1, 31, 4097]) func `of too few or too many bytes is refused`(count: Int) throws {
        let error = try #require(throws: AuthenticationError.self) { try Secret(String(repeating: "s", count: count)) }
        #expect(error.code == .invalidConfiguration)
    }

    @Test(arguments: [32, 33, 4096]) func `of enough bytes is taken`(count: Int) throws {
        _ = try Secret(String(repeating: "s", count: count))
        _ = try Secret(String(repeating: "é", count: count / 2))
    }

    @Test func `is the same if its bytes are`() throws {
        let text = String(repeating: "caf\u{E9}", count: 10)
        #expect(try Secret(text) == Secret(text))
        #expect(try Secret(text) != Secret(String(repeating: "cafe\u{301}", count: 10)))
        #expect(try Secret(text) != Secret(text + " "))
    }

    @Test func `prints as nothing of itself`() throws {
        let secret = try Secret(Forge.secretText)
        for text in [everythingPrinted(of: secret), everythingPrinted(of: KeySource.secret(secret))] {
            #expect(!text.contains("CANARY"))
            #expect(!text.contains("83, 69, 67"))
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct `A secret file` {
    private func mode(of url: URL) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
    }

    private func refusal(of url: URL) throws -> String {
        let error = try #require(throws: AuthenticationError.self) { try Secret.loadOrCreate(at: url) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains(url.lastPathComponent))
        return error.message
    }

    @Test func `is made once, for the owner alone`() async throws {
        try await withTemporaryFolder { folder async throws in
            let file = folder.appending(path: "var/deep/token.secret")
            let secret = try Secret.loadOrCreate(at: file)
            #expect(try Secret.loadOrCreate(at: file) == secret)
            #expect(try mode(of: file) == 0o600)
            #expect(try mode(of: file.deletingLastPathComponent()) == 0o700)
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.count == 44)
            #expect(text.last == "\n")
            #expect(try Secret(String(text.dropLast())) == secret)
            #expect(Base64URL.decode(text.dropLast().utf8)?.count == 32)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path).count == 1)
            #expect(try Secret.loadOrCreate(at: folder.appending(path: "other")) != secret)
        }
    }

    @Test func `leaves a folder that is there as it is`() async throws {
        try await withTemporaryFolder { folder async throws in
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
            _ = try Secret.loadOrCreate(at: folder.appending(path: "secret"))
            #expect(try mode(of: folder) == 0o755)
        }
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o602, 0o610, 0o601, 0o644, 0o777])
    func `that others may use is refused`(permissions: Int) async throws {
        try await withTemporaryFolder { folder async throws in
            let file = folder.appending(path: "token.secret")
            _ = try Secret.loadOrCreate(at: file)
            try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: file.path)
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(try refusal(of: file).contains("may be read by others"))
            #expect(try String(contentsOf: file, encoding: .utf8) == text)
        }
    }

    @Test(arguments: [0o600, 0o400, 0o700]) func `that only the owner may use is read`(permissions: Int) async throws {
        try await withTemporaryFolder { folder async throws in
            let file = folder.appending(path: "token.secret")
            let secret = try Secret.loadOrCreate(at: file)
            try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: file.path)
            #expect(try Secret.loadOrCreate(at: file) == secret)
        }
    }

    @Test(arguments: [0, 1, 31, 4097, 100_000]) func `of too few or too many bytes is refused`(count: Int) async throws
    {
        try await withTemporaryFolder { folder async throws in
            let file = folder.appending(path: "token.secret")
            try Data(repeating: UInt8(ascii: "s"), count: count).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
            #expect(try !refusal(of: file).contains("ss"))
        }
    }

    @Test(arguments: ["", "\n", "\r\n"]) func `may end with a line feed, which is not of the secret`(end: String)
        async throws
    {
        try await withTemporaryFolder { folder async throws in
            let file = folder.appending(path: "token.secret")
            try Data((Forge.secretText + end).utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
            #expect(try Secret.loadOrCreate(at: file) == Secret(Forge.secretText))
        }
    }

    @Test func `that is none is refused without waiting`() async throws {
        try await withTemporaryFolder { folder async throws in
            let pipe = folder.appending(path: "pipe")
            #expect(mkfifo(pipe.path, 0o600) == 0)
            _ = try refusal(of: pipe)
            let directory = folder.appending(path: "directory")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            _ = try refusal(of: directory)
            let link = folder.appending(path: "link")
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "nowhere")
            _ = try refusal(of: link)
            let below = folder.appending(path: "file/below")
            try Data().write(to: folder.appending(path: "file"))
            #expect(throws: AuthenticationError.self) { try Secret.loadOrCreate(at: below) }
        }
    }

    @Test func `of another user is refused`() async throws {
        // Only root can give a file away.
        try await withTemporaryFolder { folder async throws in
            let file = folder.appending(path: "token.secret")
            _ = try Secret.loadOrCreate(at: file)
            guard geteuid() == 0 else { return }
            #expect(chown(file.path, 12345, 12345) == 0)
            #expect(try refusal(of: file).contains("another user"))
        }
    }

    @Test func `is the same for 8 threads that come at the same time, 50 times`() async throws {
        try await withTemporaryFolder { folder async throws in
            for round in 0..<50 {
                let file = folder.appending(path: "\(round)/token.secret")
                let secrets = try await withThrowingTaskGroup { group in
                    for _ in 0..<8 { group.addTask { try Secret.loadOrCreate(at: file) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(secrets.count == 8)
                #expect(secrets.allSatisfy { $0 == secrets.first })
            }
        }
    }

    @Test func `is the same for 8 processes that come at the same time`() async throws {
        try await withTemporaryFolder { folder async throws in
            let path = folder.appending(path: "var/token.secret").path
            // A process proves its secret by a token, which is the same for the same secret.
            let claims = Forge.claims()
            let tokens = try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        let result = await #expect(
                            processExitsWith: .success, observing: [\.standardOutputContent]
                        ) { [path = path as String, claims = claims as String] in
                            let secret = try Secret.loadOrCreate(at: URL(filePath: path))
                            let text = secret.key.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                            try FileHandle.standardOutput.write(
                                contentsOf: Data("<\(Forge.token(claims, secret: text))>".utf8))
                        }
                        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
                        return output.split(separator: "<").last?.split(separator: ">").first.map(String.init) ?? ""
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(tokens.count == 8)
            #expect(Set(tokens).count == 1)
            let verifier = try await TokenVerifier(
                keys: .secret(Secret.loadOrCreate(at: URL(filePath: path))), policy: TokenPolicy(),
                clock: TestClock().clock, logger: .silent)
            #expect(try await verifier.verify(tokens[0]).id.value == "SUBJECT-CANARY")
        }
    }
}
