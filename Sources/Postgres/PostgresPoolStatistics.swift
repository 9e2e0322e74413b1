/// A pool's numbers at one moment.
public struct PostgresPoolStatistics: Sendable, Hashable {
    /// Connections that are open, idle or in use.
    public let open: Int
    /// Worker threads without a job. Each keeps its connection, if it has one.
    public let idle: Int
    /// Jobs that a worker has taken: running, or connecting in order to run.
    public let running: Int
    /// Jobs in the queue.
    public let waiting: Int

    public init(open: Int, idle: Int, running: Int, waiting: Int) {
        self.open = open
        self.idle = idle
        self.running = running
        self.waiting = waiting
    }
}
