import Caching
import NIOCore
import Synchronization
import Testing

/// A clock that stands still until a test moves it.
final class ManualClock: Sendable {
    private let time = Mutex(Duration.zero)

    var clock: CacheClock {
        CacheClock(
            now: { [self] in CacheInstant(sinceStart: time.withLock { $0 }) },
            wallTime: { [self] in Int64(time.withLock { $0 } / .milliseconds(1)) },
            sleep: { try await Task.sleep(for: $0) })
    }

    func advance(by duration: Duration) { time.withLock { $0 += duration } }
}

/// Holds back whoever waits at it, until it is opened or they are cancelled. For one waiter.
final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func open() { continuation.finish() }

    func pass() async throws {
        for await _ in stream {}
        try Task.checkCancellation()
    }
}

final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    @discardableResult
    func increment() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}

let things = CacheNamespace.shared("things")

func fill(_ text: String, padding: Int = 0, versions: [CacheTag: CacheVersion] = [:]) -> CacheFill {
    var body = ByteBuffer(string: text)
    body.writeRepeatingByte(UInt8(ascii: " "), count: padding)
    return CacheFill(body: body, contentType: "text/plain", versions: versions)
}

extension CacheEntry {
    var text: String { String(buffer: body).trimmingSuffix }
}

extension String {
    fileprivate var trimmingSuffix: String {
        var bytes = Array(utf8)
        while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension CacheNamespace {
    func callAsFunction(_ id: String) -> CacheKey { CacheKey(self, id) }
}
