import Foundation
import TestSupport

/// One of the clients of a user: it writes in all ways that the API has, sends again what was not answered, and gives up now
/// and then, as a client does that is gone.
struct KillWriter {
    private struct Bookmark {
        let id: String
        let mark: String
        let tag: String
    }

    private let user: Int
    private let number: Int
    private let stage: KillStage
    private let ledger: KillLedger
    private var random: SplitMix
    private var cohort = -1
    private var token = ""
    private var count = 0
    /// What it made and may delete.
    private var made: [Bookmark] = []

    init(user: Int, number: Int, stage: KillStage, ledger: KillLedger, seed: UInt64) {
        self.user = user
        self.number = number
        self.stage = stage
        self.ledger = ledger
        random = SplitMix(seed: seed)
    }

    private var name: String { "killed-\(cohort)-\(user)" }

    /// Writes until the stage is closed.
    mutating func run() async throws {
        while !stage.isClosed {
            if stage.cohort != cohort {
                cohort = stage.cohort
                token = try await UserClient.token(of: name)
                made = []
            }
            switch Int.random(in: 0..<8, using: &random) {
            case 0: try await post()
            case 1: try await postWithoutID()
            case 2, 3: try await put()
            case 4: try await delete()
            case 5: try await synchronise()
            default: try await append()
            }
        }
    }

    /// A name that no other write has: also a mark, an id and a key.
    private mutating func unique() -> String {
        count += 1
        return "\(user)-\(number)-\(cohort)-\(count)"
    }

    // MARK: Sending

    /// Sends a request until it is answered.
    ///
    /// - Returns: `nil` if it was given up.
    private mutating func send(
        _ method: TestServer.HTTPMethodName, _ path: String, headers: [String: String] = [:], body: Data? = nil
    ) async throws -> TestServer.Answer? {
        while let server = try await stage.server() {
            do {
                let answer = try await UserClient(server, token: token).send(
                    method, path, headers: headers, body: body)
                // The server says that it can't, and that this may be over soon.
                if answer.status != 503 { return answer }
            } catch let error as CancellationError {
                throw error
            } catch {
                // The server died, before the change or after it.
                if Int.random(in: 0..<4, using: &random) == 0 { return nil }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        return nil
    }

    /// Sends a change, and writes down what became of it.
    ///
    /// - Parameter statuses: those of a change that was made.
    /// - Returns: the answer, if the change was made.
    private mutating func change(
        _ method: TestServer.HTTPMethodName, _ path: String, headers: [String: String] = [:], body: Data,
        marks: [String], expecting statuses: [Int]
    ) async throws -> TestServer.Answer? {
        guard let answer = try await send(method, path, headers: headers, body: body) else {
            ledger.abandon(marks, of: name)
            return nil
        }
        guard statuses.contains(answer.status) else {
            complain(method, path, answer)
            ledger.abandon(marks, of: name)
            return nil
        }
        ledger.acknowledge(marks, of: name)
        return answer
    }

    private func complain(_ method: TestServer.HTTPMethodName, _ path: String, _ answer: TestServer.Answer) {
        ledger.complain(
            "\(method.rawValue) \(path): \(answer.status) \(String(decoding: answer.body.prefix(300), as: UTF8.self))")
    }

    // MARK: Ways to write

    private static func bookmark(_ mark: String) -> Members { ["from": "2:255", "note": mark] }

    private mutating func post() async throws {
        let mark = unique()
        let body = try Self.bookmark(mark).body(["id": mark])
        let answer = try await change(.post, "me/bookmarks", body: body, marks: [mark], expecting: [200, 201])
        keep(mark, answer)
    }

    private mutating func postWithoutID() async throws {
        let mark = unique()
        _ = try await change(
            .post, "me/bookmarks", headers: ["Idempotency-Key": mark], body: Self.bookmark(mark).body(), marks: [mark],
            expecting: [200, 201])
    }

    private mutating func put() async throws {
        let mark = unique()
        let headers: [String: String] =
            switch Int.random(in: 0..<3, using: &random) {
            case 0: ["Idempotency-Key": mark]
            case 1: ["If-None-Match": "*"]
            default: [:]
            }
        let answer = try await change(
            .put, "me/bookmarks/\(mark)", headers: headers, body: Self.bookmark(mark).body(), marks: [mark],
            expecting: [200, 201])
        keep(mark, answer)
    }

    private mutating func keep(_ mark: String, _ answer: TestServer.Answer?) {
        guard let answer else { return }
        guard let tag = answer.headers["etag"] else { return ledger.complain("\(mark): an answer without ETag") }
        made.append(Bookmark(id: mark, mark: mark, tag: tag))
    }

    private mutating func delete() async throws {
        guard let index = made.indices.randomElement(using: &random) else { return }
        let bookmark = made.remove(at: index)
        let headers = Bool.random(using: &random) ? ["If-Match": bookmark.tag] : [:]
        let path = "me/bookmarks/\(bookmark.id)"
        guard let answer = try await send(.delete, path, headers: headers) else {
            return ledger.abandonDeletion(of: bookmark.mark, of: name)
        }
        guard answer.status == 204 else { return complain(.delete, path, answer) }
        ledger.acknowledgeDeletion(of: bookmark.mark, of: name)
    }

    private mutating func synchronise() async throws {
        let marks = (0..<Int.random(in: 2...6, using: &random)).map { _ in unique() }
        let mutations = marks.map {
            ClientMutation($0, .put(Self.bookmark($0)), .init(.bookmark, $0), base: .version(0))
        }
        let answer = try await change(
            .post, "me/sync", body: ClientMutation.body(mutations), marks: marks, expecting: [200])
        guard let answer else { return }
        let results = try answer.json()["results"] as? [[String: Any]] ?? []
        let statuses = results.map { $0["status"] as? String ?? "" }
        if statuses.count != marks.count || !statuses.allSatisfy(["applied", "already_applied"].contains) {
            ledger.complain("sync of new bookmarks says \(statuses)")
        }
    }

    /// Writes a mark behind those of the user's other writers, without overwriting any of them unseen.
    private mutating func append() async throws {
        let mark = unique()
        let path = "me/bookmarks/log-\(count / 100)"
        while true {
            guard let current = try await send(.get, path) else { return ledger.abandon([mark], of: name) }
            var headers = Bool.random(using: &random) ? ["Idempotency-Key": unique()] : [:]
            let answer: TestServer.Answer?
            if current.status == 404 {
                headers["If-None-Match"] = "*"
                answer = try await send(.put, path, headers: headers, body: Self.bookmark(mark).body())
            } else {
                guard current.status == 200, let tag = current.headers["etag"] else {
                    return complain(.get, path, current)
                }
                headers["If-Match"] = tag
                let note = try UserClient.record(.bookmark, in: current.json()).members?["note"] ?? ""
                let patch: Members = ["note": "\(note) \(mark)"]
                answer = try await send(.patch, path, headers: headers, body: patch.body())
            }
            guard let answer else { return ledger.abandon([mark], of: name) }
            switch answer.status {
            case 200, 201: return ledger.acknowledge([mark], of: name)
            case 412:
                // Another writer was faster; or this was made, its answer lost, and others wrote behind it.
                guard let record = try answer.json()["current"] as? [String: Any],
                    let note = record["note"] as? String
                else { return complain(.patch, path, answer) }
                if note.split(separator: " ").contains(Substring(mark)) {
                    return ledger.acknowledge([mark], of: name)
                }
            default:
                ledger.abandon([mark], of: name)
                return complain(.patch, path, answer)
            }
        }
    }
}
