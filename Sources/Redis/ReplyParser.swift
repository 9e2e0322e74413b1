internal import CHiredis
internal import NIOCore

/// hiredis' `redisReader` behind ``ReplyScanner``. Belongs to one connection and is used on its event loop only.
@safe struct ReplyParser: ~Copyable {
    /// hiredis gives back a buffer that has grown beyond this when it is empty; its 16 kB would do so all the time.
    private static let keptCapacity = 256 << 10

    private let reader: UnsafeMutablePointer<redisReader>
    private let builder: ReplyBuilder
    private var scanner: ReplyScanner

    /// - Throws: ``RedisError`` with `.protocolViolation` if there is no memory.
    init(limits: ReplyLimits) throws(RedisError) {
        guard let reader = unsafe redisReaderCreateWithFunctions(ReplyBuilder.functions) else {
            throw RedisError(.protocolViolation, "hiredis made no reader: out of memory")
        }
        builder = ReplyBuilder()
        unsafe reader.pointee.privdata = Unmanaged.passUnretained(builder).toOpaque()
        unsafe reader.pointee.maxbuf = Self.keptCapacity
        unsafe self.reader = reader
        scanner = ReplyScanner(limits: limits)
    }

    deinit {
        unsafe redisReaderFree(reader)
    }

    /// The next reply, if `buffer` completes it. What was read is consumed; call again until nil.
    /// - Throws: ``RedisError`` with `.protocolViolation`. The parser is of no use afterwards.
    mutating func next(from buffer: inout ByteBuffer) throws(RedisError) -> RedisValue? {
        guard buffer.readableBytes > 0 else { return nil }
        // As a result, since an error thrown through the closure would lose its type.
        let result = unsafe buffer.readWithUnsafeReadableBytes { bytes in unsafe feed(bytes) }
        return try result.get()
    }

    /// How many bytes were read, and the reply if they complete it.
    private mutating func feed(_ bytes: UnsafeRawBufferPointer) -> (Int, Result<RedisValue?, RedisError>) {
        do throws(RedisError) {
            let (count, isComplete) = try unsafe scanner.scan(bytes)
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            guard unsafe redisReaderFeed(reader, start, count) == REDIS_OK else { throw failure }
            return (count, .success(isComplete ? try reply() : nil))
        } catch {
            return (bytes.count, .failure(error))
        }
    }

    private func reply() throws(RedisError) -> RedisValue {
        var object: UnsafeMutableRawPointer?
        guard unsafe redisReaderGetReply(reader, &object) == REDIS_OK else { throw failure }
        guard unsafe object != nil, let value = builder.take() else {
            throw RedisError(.protocolViolation, "hiredis found no reply where one ends")
        }
        return value
    }

    private var failure: RedisError {
        // hiredis' text would be an array of 128 characters in Swift, and says no more than this.
        RedisError(.protocolViolation, "hiredis refused the reply: error \(unsafe reader.pointee.err)")
    }
}
