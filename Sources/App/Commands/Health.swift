import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOHTTP1

struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a running server whether it can serve.",
        discussion: """
            Exits with 0 if it can, and with 69 if it can't or does not answer.

            EXAMPLES
              quran health
              quran health --url https://quran.example --json
            """)

    @Option(help: "The address of the server.")
    var url: String?

    @Flag(help: "Print the whole answer as JSON.")
    var json = false

    func run() async throws {
        try await reportingFailure {
            let settings = try Settings()
            let base = url ?? "http://127.0.0.1:\(settings.port)"
            let (status, body) = try await ask(
                HTTPClientRequest(url: base + "/api/v1/health"), of: base, timeout: .seconds(5))
            if json { print(String(buffer: body)) }
            guard status == .ok else {
                throw Failure(.unavailable, "\(base) can't serve: status \(status.code)")
            }
            if !json { print("\(base) can serve") }
        }
    }
}
