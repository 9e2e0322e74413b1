internal import CHiredis
internal import NIOCore

/// Makes values of what hiredis parses, copying bytes once.
///
/// hiredis calls for each value in the order of the reply and an array before its elements, so a stack of open arrays is
/// all that is needed. The objects that hiredis thinks it gets are one address that says "not null".
final class ReplyBuilder {
    private struct OpenArray {
        var values: [RedisValue]
        let count: Int
    }

    private var open: [OpenArray] = []
    private var reply: RedisValue?

    /// The reply that was built, if it is whole.
    func take() -> RedisValue? {
        defer { reply = nil }
        return reply
    }

    func add(_ value: RedisValue) {
        guard !open.isEmpty else {
            reply = value
            return
        }
        open[open.count - 1].values.append(value)
        closeFullArrays()
    }

    func openArray(count: Int) {
        var values: [RedisValue] = []
        // The scanner has seen all of them, so it's no announcement without cover.
        values.reserveCapacity(count)
        open.append(OpenArray(values: values, count: count))
        closeFullArrays()
    }

    private func closeFullArrays() {
        while let last = open.last, last.values.count == last.count {
            open.removeLast()
            guard !open.isEmpty else {
                reply = .array(last.values)
                return
            }
            open[open.count - 1].values.append(.array(last.values))
        }
    }
}

extension ReplyBuilder {
    /// What hiredis calls. It keeps the address for the life of a reader, hence never freed.
    nonisolated(unsafe) static let functions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        unsafe functions.initialize(
            to: redisReplyObjectFunctions(
                createString: { task, bytes, count in
                    guard let builder = unsafe ReplyBuilder.of(task) else { return nil }
                    let bytes = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
                    let type = unsafe task?.pointee.type
                    unsafe builder.add(ReplyBuilder.value(type: type, bytes))
                    return unsafe ReplyBuilder.notNull
                },
                createArray: { task, count in
                    guard let builder = unsafe ReplyBuilder.of(task) else { return nil }
                    builder.openArray(count: Int(count))
                    return unsafe ReplyBuilder.notNull
                },
                createInteger: { task, number in
                    guard let builder = unsafe ReplyBuilder.of(task) else { return nil }
                    builder.add(.integer(number))
                    return unsafe ReplyBuilder.notNull
                },
                createNil: { task in
                    guard let builder = unsafe ReplyBuilder.of(task) else { return nil }
                    builder.add(.null)
                    return unsafe ReplyBuilder.notNull
                },
                freeObject: { _ in }))
        return unsafe functions
    }()

    private static var notNull: UnsafeMutableRawPointer? { unsafe UnsafeMutableRawPointer(bitPattern: 1) }

    private static func of(_ task: UnsafePointer<redisReadTask>?) -> ReplyBuilder? {
        guard let context = unsafe task?.pointee.privdata else { return nil }
        return unsafe Unmanaged<ReplyBuilder>.fromOpaque(context).takeUnretainedValue()
    }

    private static func value(type: Int32?, _ bytes: UnsafeRawBufferPointer) -> RedisValue {
        switch type {
        case REDIS_REPLY_STATUS:
            return unsafe .simple(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_ERROR:
            return unsafe .error(RedisServerError(message: String(decoding: bytes, as: UTF8.self)))
        default:
            guard bytes.count > 0 else { return .bulk(ByteBuffer()) }
            return unsafe .bulk(ByteBuffer(bytes: bytes))
        }
    }
}
