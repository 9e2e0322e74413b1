/// What a cache promises, and how it keeps the promise when parts fail. The defaults are those of ARCHITECTURE.
public struct CachePolicy: Sendable {
    /// δ: nothing is called fresh unless the version map was confirmed within this time. An answer labelled fresh
    /// therefore misses no commit that is older.
    public var coherenceBound = Duration.seconds(1)

    /// Part of the time to live, at its end, in which a read refreshes the entry in the background: 0…1.
    public var earlyRefresh = 0.1

    /// The time to live of each entry is longer or shorter by up to this part, so that what was filled together does not
    /// expire together.
    public var jitter = 0.05

    /// How long it is remembered that something does not exist. Such entries carry tags too: creating the thing outdates
    /// them at once.
    public var negativeTimeToLive = Duration.seconds(60)

    /// How long a read waits for something better before it serves what is stale, or does without the shared tier.
    public var patience = Duration.milliseconds(150)

    /// How long a load may take before a poll has to show that the source lives, and how long that poll may take. A load
    /// that is not answered goes on as long as polls are.
    public var impatience = Duration.milliseconds(90)

    /// How long another instance's load is waited for.
    public var leaseWait = Duration.milliseconds(250)

    /// How often the shared tier is asked meanwhile; with ``leaseWait`` it bounds how many times.
    public var leasePause = Duration.milliseconds(20)

    /// How long a load may hold its lease: an instance that dies meanwhile costs the others no more than ``leaseWait``.
    public var leaseTime = Duration.seconds(3)

    /// Loads that may ask the source at a time, and that may wait for it; the rest fail with ``CacheError/overloaded``.
    /// Fewer than the source takes at a time (a pool of connections has 8), so that polls never wait for loads.
    public var concurrentLoads = 6
    public var waitingLoads = 512

    /// Of those, loads of costly namespaces that may ask the source at a time, so that the others always get through, and that
    /// may wait.
    public var concurrentCostlyLoads = 2
    public var waitingCostlyLoads = 128

    /// Whether nobody but this instance writes: without a shared tier it knows of every write by itself.
    public var isOnlyWriter = false

    public init() {}
}
