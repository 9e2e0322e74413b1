import Foundation
import Synchronization
import TestSupport

/// What writers were told, to be compared with what is there in the end.
///
/// Every write leaves marks, texts that no other write leaves, in the notes of bookmarks.
final class KillLedger: Sendable {
    private struct Account {
        var acknowledged: Set<String> = []
        /// The marks of requests that nobody got an answer to: each request's are all there, or none.
        var open: [[String]] = []
        /// The marks of what was deleted.
        var deleted: Set<String> = []
        /// Those of which nobody knows whether they were deleted.
        var maybeDeleted: Set<String> = []
        var writes = 0
    }

    private let accounts = Mutex<[String: Account]>([:])
    private let complaints = Mutex<[String]>([])

    var unexpected: [String] { complaints.withLock { $0 } }

    func complain(_ text: String) { complaints.withLock { $0.append(text) } }

    func acknowledge(_ marks: [String], of user: String) {
        change(user) {
            $0.acknowledged.formUnion(marks)
            $0.writes += 1
        }
    }

    func abandon(_ marks: [String], of user: String) { change(user) { $0.open.append(marks) } }

    func acknowledgeDeletion(of mark: String, of user: String) {
        change(user) {
            $0.acknowledged.remove(mark)
            $0.deleted.insert(mark)
            $0.writes += 1
        }
    }

    func abandonDeletion(of mark: String, of user: String) {
        change(user) {
            $0.acknowledged.remove(mark)
            $0.maybeDeleted.insert(mark)
        }
    }

    private func change(_ user: String, _ body: (inout Account) -> Void) {
        accounts.withLock { body(&$0[user, default: Account()]) }
    }

    /// Compares everything with what a server has.
    ///
    /// - Returns: what was found of each user.
    func audit(at server: TestServer) async throws -> [KillReport] {
        var reports: [KillReport] = []
        for (user, account) in accounts.withLock({ $0 }) {
            let client = try await UserClient(server, user: user)
            let records = try await client.export()
            var report = Self.compare(account, with: records)
            if try await client.everything() != records { report.unexpected.append("\(user): sync is not the export") }
            let listed = try await client.list(.bookmark)
            if Set(listed.map(\.key)) != Set(records.keys) || listed.count != records.count {
                report.unexpected.append("\(user): the list is not the export")
            }
            reports.append(report)
        }
        return reports
    }

    private static func compare(_ account: Account, with records: [ClientRecord.Key: ClientRecord]) -> KillReport {
        let marks = records.values.flatMap { ($0.members?["note"] ?? "").split(separator: " ").map(String.init) }
        let counts = Dictionary(marks.map { ($0, 1) }, uniquingKeysWith: +)
        var report = KillReport()
        report.acknowledged = account.writes
        report.abandoned = account.open.count + account.maybeDeleted.count
        report.doubled = counts.values.filter { $0 > 1 }.count
        report.lost =
            account.acknowledged.filter { counts[$0] == nil }.count
            + account.deleted.filter { counts[$0] != nil }.count
        report.halves = account.open.filter { Set($0.map { counts[$0] == nil }).count > 1 }.count
        let known = account.acknowledged.union(account.open.joined()).union(account.maybeDeleted)
        for mark in Set(counts.keys).subtracting(known).subtracting(account.deleted) {
            report.unexpected.append("\(mark) is there, which nobody wrote")
        }
        return report
    }
}
