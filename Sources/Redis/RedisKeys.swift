internal import NIOCore

/// The keys that a `SCAN` finds, fetched step by step as they are asked for.
///
/// Keys that aren't UTF-8 are left out: no `String` names them.
public struct RedisKeys: AsyncSequence, Sendable {
    public typealias Element = String
    public typealias Failure = RedisError

    let scan: RedisScan

    public func makeAsyncIterator() -> Iterator { Iterator(scan: scan) }

    public struct Iterator: AsyncIteratorProtocol {
        var scan: RedisScan
        private var keys: ArraySlice<String> = []

        init(scan: RedisScan) {
            self.scan = scan
        }

        /// - Throws: What ``RedisClient/send(_:timeout:)`` throws.
        public mutating func next() async throws(RedisError) -> String? {
            while keys.isEmpty {
                guard let found = try await scan.next() else { return nil }
                keys = found.compactMap { String(validating: $0.readableBytesView, as: UTF8.self) }[...]
            }
            return keys.popFirst()
        }

        /// - Throws: What ``RedisClient/send(_:timeout:)`` throws.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(RedisError) -> String? {
            try await next()
        }
    }
}
