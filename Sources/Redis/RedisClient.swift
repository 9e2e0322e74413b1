public import Logging
public import NIOCore
internal import NIOPosix
public import ServiceLifecycle
private import Synchronization

/// Connections to one Redis server, by default one per event loop, each shared by any number of tasks.
///
/// Commands go out in the order of the calls on a connection, those of one turn of the event loop in one write, and
/// replies come back in that order. So blocking commands (`BLPOP`, `WAIT`), `SUBSCRIBE` and transactions that
/// watch keys have no place here: they would hold up, or mix with, everybody else's.
///
/// The client connects while ``run()`` runs. Without a connection commands fail at once; nothing waits for one and nothing
/// is sent twice.
public final class RedisClient: Service, Sendable {
    private let configuration: RedisConfiguration
    private let logger: Logger
    private let dialer: Dialer
    private let keeper: ConnectionKeeper
    private let slots: [ConnectionSlot]
    private let slotOfLoop: [ObjectIdentifier: Int]
    private let counters = ClientCounters()
    private let turn = Atomic(0)
    private let isClosed = Atomic(false)

    /// Makes no connection yet.
    /// - Parameters:
    ///   - clock: Waits between attempts to connect. Timeouts are counted by the event loops.
    ///   - random: Numbers from 0 to 1, for the waits between attempts.
    /// - Throws: ``RedisError`` with `.invalidConfiguration`, for example if the file with certificates can't be read.
    public init(
        configuration: RedisConfiguration,
        eventLoopGroup: any EventLoopGroup,
        logger: Logger,
        clock: any Clock<Duration> = ContinuousClock(),
        random: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) throws(RedisError) {
        self.configuration = configuration
        self.logger = logger
        dialer = try Dialer(configuration)
        keeper = ConnectionKeeper(configuration: configuration, logger: logger, clock: clock, random: random)
        let loops = Array(eventLoopGroup.makeIterator())
        let count = min(50, max(1, configuration.connections ?? loops.count))
        slots = (0..<count).map { ConnectionSlot(eventLoop: loops[$0 % loops.count]) }
        slotOfLoop = Dictionary(
            slots.enumerated().map { (ObjectIdentifier($0.element.eventLoop), $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Keeps the connections until graceful shutdown or cancellation.
    ///
    /// On graceful shutdown commands that are under way finish or time out, and new ones fail with `.shutDown`; on
    /// cancellation all connections close at once. Runs once. Throws nothing.
    public func run() async throws {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withTaskGroup { group in
                    for slot in slots { group.addTask { await self.keep(slot) } }
                }
            } onGracefulShutdown: {
                self.isClosed.store(true, ordering: .releasing)
            }
        } onCancel: {
            isClosed.store(true, ordering: .releasing)
        }
        isClosed.store(true, ordering: .releasing)
    }

    /// Sends a command and waits for its reply.
    /// - Parameter timeout: Nil for the configuration's.
    /// - Throws: ``RedisError``: `.notConnected`, `.overloaded`, `.shutDown`, if nothing was sent; `.timedOut`,
    ///   `.cancelled`, `.connectionClosed`, `.protocolViolation`, if it is unknown whether it was executed; `.server` and
    ///   `.authenticationFailed` for an error reply. `.cancelled` and `.timedOut` come at once.
    public func send(_ command: RedisCommand, timeout: Duration? = nil) async throws(RedisError) -> RedisValue {
        let request = Request(.one(command), timeout: timeout ?? configuration.commandTimeout)
        let result: Result<RedisValue, RedisError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if request.wait(continuation) { submit(request) }
            }
        } onCancel: {
            request.cancel()
        }
        return try result.get()
    }

    /// Sends commands in one write, over one connection, and waits for all their replies.
    ///
    /// Other tasks' commands don't come between them on this connection, but may on the server: it's no transaction.
    /// - Parameter timeout: For all of them together. Nil for the configuration's.
    /// - Returns: For each command its reply, or what ``send(_:timeout:)`` would throw. A pipeline that isn't answered in
    ///   time keeps the replies that have come.
    public func pipeline(
        _ commands: [RedisCommand], timeout: Duration? = nil
    ) async -> [Result<RedisValue, RedisError>] {
        guard !commands.isEmpty else { return [] }
        let request = Request(.many(commands), timeout: timeout ?? configuration.commandTimeout)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if request.wait(continuation) { submit(request) }
            }
        } onCancel: {
            request.cancel()
        }
    }

    /// The numbers at this moment.
    public var statistics: RedisStatistics {
        let connections = slots.compactMap(\.connection)
        return RedisStatistics(
            connections: slots.count, connected: connections.count,
            pending: connections.reduce(0) { $0 + $1.inbox.pending },
            reconnects: counters.reconnects,
            timeouts: counters.timeouts,
            overloads: counters.overloads)
    }

    /// Whether a command would be sent now.
    public var isConnected: Bool { slots.contains { $0.connection != nil } }

    private func submit(_ request: Request) {
        guard !isClosed.load(ordering: .acquiring) else {
            request.fail(.shutDown)
            return
        }
        let first = firstSlot
        for offset in slots.indices {
            let slot = slots[(first + offset) % slots.count]
            if let connection = slot.connection, connection.submit(request, counters) { return }
        }
        request.fail(isClosed.load(ordering: .acquiring) ? .shutDown : absence(slots[first].failure))
    }

    /// The caller's event loop has its own connection; others take turns.
    private var firstSlot: Int {
        if slots.count == 1 { return 0 }
        if let loop = MultiThreadedEventLoopGroup.currentEventLoop, let slot = slotOfLoop[ObjectIdentifier(loop)] {
            return slot
        }
        return Int(UInt(bitPattern: turn.add(1, ordering: .relaxed).oldValue) % UInt(slots.count))
    }

    /// Why there is no connection. What the server said is told as such, since waiting won't help.
    private func absence(_ failure: RedisError?) -> RedisError {
        switch failure?.code {
        case .authenticationFailed, .server:
            failure ?? RedisError(.notConnected, "not connected to Redis")
        default:
            RedisError(.notConnected, "not connected to Redis", cause: failure)
        }
    }

    private func keep(_ slot: ConnectionSlot) async {
        await keeper.run {
            () async throws(RedisError) in
            try await self.dial(slot)
        } connected: { connection in
            if slot.set(connection) { self.counters.countReconnect() }
        } failed: { error in
            slot.set(error)
        }
    }

    private func dial(_ slot: ConnectionSlot) async throws(RedisError) -> CommandConnection {
        let inbox = Inbox(
            maximumCommands: configuration.maximumPending, maximumBytes: configuration.maximumPendingBytes)
        let (channel, role) = try await dialer.dial(on: slot.eventLoop) { [counters] in
            CommandRole(inbox: inbox, counters: counters)
        }
        return CommandConnection(inbox: inbox, channel: channel, role: role)
    }
}
