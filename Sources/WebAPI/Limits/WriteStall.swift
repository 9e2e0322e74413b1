import NIOCore

/// Watches a client that does not take what it asked for.
///
/// Of what waited when a time began it must take as much as its rate asks for, and no more: what it took before, or is written later, is
/// judged by the next.
final class WriteStall {
    private let timeout: TimeAmount
    /// Bytes to be taken in that time, if as many wait.
    private let least: Int
    private var timer: Scheduled<Void>?
    /// Bytes that were given to the channel.
    private var written = 0

    init(_ limits: ConnectionLimits) {
        timeout = TimeAmount(limits.writeTimeout)
        least = Int(Double(limits.bodies.bytesPerSecond) * (limits.writeTimeout / .seconds(1)))
    }

    func countWritten(_ bytes: Int) { written += bytes }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    /// Begins to watch, unless it does.
    ///
    /// - Parameters:
    ///   - isWaiting: whether the client still has to take something.
    ///   - giveUp: called once, if it takes too little.
    func watch(
        _ channel: any Channel, while isWaiting: @escaping () -> Bool, orElse giveUp: @escaping () -> Void
    ) {
        guard timer == nil else { return }
        let waiting = Self.waiting(in: channel)
        let goal = written - waiting + min(least, waiting)
        timer = channel.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.timer = nil
            guard isWaiting() else { return }
            guard self.written - Self.waiting(in: channel) >= goal else { return giveUp() }
            self.watch(channel, while: isWaiting, orElse: giveUp)
        }
    }

    /// Bytes that were given to a channel and did not leave it.
    static func waiting(in channel: any Channel) -> Int {
        do {
            return try channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0
        } catch {
            // The channel is gone, and so is what waited.
            return 0
        }
    }
}
