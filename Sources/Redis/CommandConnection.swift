internal import NIOCore

/// A usable connection on which many tasks have their commands under way at once.
final class CommandConnection: Sendable {
    let inbox: Inbox
    private let channel: any Channel
    private let role: NIOLoopBound<CommandRole>

    init(inbox: Inbox, channel: any Channel, role: NIOLoopBound<CommandRole>) {
        self.inbox = inbox
        self.channel = channel
        self.role = role
    }

    /// False if it is closed: the request may go elsewhere. Otherwise the request will be completed.
    func submit(_ request: Request, _ counters: ClientCounters) -> Bool {
        switch inbox.submit(request) {
        case .closed:
            return false
        case .overloaded:
            counters.countOverload()
            request.fail(RedisError(.overloaded, "too many commands wait for Redis"))
        case .accepted(let wake):
            if wake { role.eventLoop.execute { [role] in role.value.send() } }
        }
        return true
    }
}

extension CommandConnection: KeptConnection {
    func closed() async {
        await withCheckedContinuation { continuation in
            channel.closeFuture.whenComplete { _ in continuation.resume() }
        }
    }

    func drain() {
        inbox.close()
        role.eventLoop.execute { [role] in role.value.drain() }
    }

    func close() {
        inbox.close()
        channel.close(promise: nil)
    }
}
