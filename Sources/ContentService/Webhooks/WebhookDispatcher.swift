import AsyncHTTPClient
import Foundation
import JSON
public import Logging
public import NIOCore
public import ServiceLifecycle
public import Storage
public import Webhooks

/// Tells other systems what changed in the store, whoever changed it: at least once, also after a crash.
///
/// Every instance may run one: what is to be sent is in the store, and is claimed there by whoever sends it.
public final class WebhookDispatcher: Service {
    /// How long finished deliveries are remembered.
    private static let memory = (delivered: Duration.seconds(7 * 86400), dead: Duration.seconds(30 * 86400))
    private static let forgettingInterval = Duration.seconds(3600)

    private let database: any Database
    private let outbox: WebhookOutbox
    private let workers: [WebhookWorker]
    private let secrets: [WebhookSecret]
    private let timeout: Duration
    private let clock: WebhookClock
    private let logger: Logger

    /// Remembers the targets in the store: one that is new there is told what changes from now on.
    ///
    /// - Parameters:
    ///   - secrets: each signs every message, so that one can be replaced while receivers know either.
    ///   - timeout: of one attempt.
    /// - Throws: `StorageError`.
    public init(
        database: any Database, targets: [WebhookTarget], secrets: [WebhookSecret], timeout: Duration = .seconds(10),
        clock: WebhookClock = .system, logger: Logger
    ) async throws {
        self.database = database
        self.secrets = secrets
        self.timeout = timeout
        self.clock = clock
        self.logger = logger
        let outbox = WebhookOutbox(database.engine)
        self.outbox = outbox
        workers = targets.map { WebhookWorker($0, database: database, clock: clock, logger: logger) }
        guard !targets.isEmpty else { return }
        // In the same order everywhere, as instances that start together wait for each other's rows.
        let sorted = targets.sorted { $0.id < $1.id }
        try await database.write { sql in
            for target in sorted { try outbox.register(target.id, shown: "\(target)", sql) }
        }
    }

    /// Looks for news whenever the hooks say that something changed. There is a look every half minute besides.
    public func follow(_ hooks: ContentHooks) {
        hooks.subscribe(to: ContentChange.toldKinds) { [workers] _ in for worker in workers { worker.kick() } }
    }

    /// Sends until the task is cancelled or the group shuts down.
    public func run() async throws {
        guard !workers.isEmpty else { return try await gracefulShutdown() }
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        // The next try is ours to make.
        configuration.connectionPool.retryConnectionEstablishment = false
        try await HTTPClient.withHTTPClient(configuration: configuration) { [self] client in
            await cancelWhenGracefulShutdown { [self] in
                await withDiscardingTaskGroup { group in
                    for worker in workers {
                        let sender = WebhookSender(
                            target: worker.target, secrets: secrets, timeout: timeout, client: client)
                        group.addTask { await worker.run(sender) }
                    }
                    group.addTask { [self] in await forgetRegularly() }
                }
            }
        }
    }

    private func forgetRegularly() async {
        while !Task.isCancelled {
            let now = clock.now()
            do {
                try await database.write { [outbox] in
                    try outbox.forget(
                        deliveredBefore: now.addingTimeInterval(-(Self.memory.delivered / .seconds(1))),
                        deadBefore: now.addingTimeInterval(-(Self.memory.dead / .seconds(1))), $0)
                }
            } catch {
                logger.debug("old deliveries are not forgotten yet", metadata: ["error": "\(error)"])
            }
            do { try await clock.sleep(Self.forgettingInterval) } catch { return }
        }
    }

    // MARK: For operators

    /// `{"deliveries": […], "pagination": {…}}`, the newest first.
    ///
    /// - Throws: ``ContentServiceError`` (`noSuchPage`), `StorageError`.
    public func deliveries(_ state: WebhookDelivery.State?, page request: PageRequest) async throws -> ByteBuffer {
        let (page, deliveries) = try await database.read { [outbox] sql in
            let page = try Page(request, of: outbox.count(state, sql))
            return (page, try outbox.deliveries(state, rows: page.rows, sql))
        }
        var json = JSONWriter()
        json.object { json in
            json.key("deliveries")
            json.array(deliveries) { $1.write(to: &$0) }
            page.write(to: &json)
        }
        return json.buffer
    }

    /// How many deliveries the store has in each state; nothing is asked if there are no targets here.
    ///
    /// - Throws: `StorageError`.
    func deliveryCounts() async throws -> [WebhookDelivery.State: Int] {
        guard !workers.isEmpty else { return [:] }
        return try await database.read { [outbox] sql in
            var counts: [WebhookDelivery.State: Int] = [:]
            for state in WebhookDelivery.State.allCases { counts[state] = try outbox.count(state, sql) }
            return counts
        }
    }

    /// What came of asking for a delivery to be sent again.
    public enum Retry: Sendable {
        /// `{"delivery": …}`: it is due now.
        case due(ByteBuffer)
        case deliveredBefore
        case unknown
    }

    /// Makes a delivery due at once, with all its attempts before it again.
    ///
    /// - Throws: `StorageError`.
    public func retry(_ id: String) async throws -> Retry {
        let now = clock.now()
        let delivery = try await database.write { [outbox] in try outbox.retry(id, at: now, $0) }
        guard let delivery else { return .unknown }
        guard delivery.state == .pending else { return .deliveredBefore }
        for worker in workers { worker.kick() }
        var json = JSONWriter()
        json.object { json in
            json.key("delivery")
            delivery.write(to: &json)
        }
        return .due(json.buffer)
    }
}

extension WebhookDelivery {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("target", target)
            json.member("tag", tag)
            json.member("version", version.map { Int($0) })
            json.member("state", state.rawValue)
            json.member("attempts", attempts)
            json.member("created_at", createdAt)
            json.member("next_attempt_at", state == .pending ? nextAttemptAt : nil)
            json.member("finished_at", finishedAt)
            json.member("last_error", lastError)
        }
    }
}
