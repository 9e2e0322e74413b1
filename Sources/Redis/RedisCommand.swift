internal import NIOCore

/// A command with its arguments, encoded once.
public struct RedisCommand: Sendable, Hashable {
    /// `GET`, `SET`, …
    public let name: String
    /// As it goes over the wire.
    let encoded: ByteBuffer

    /// - Parameter name: One word. Subcommands are arguments: `RedisCommand("CLIENT", ["SETNAME", "…"])`.
    public init(_ name: String, _ arguments: [RedisArgument] = []) {
        self.name = name
        var capacity = 32 + name.utf8.count
        for argument in arguments { capacity += 16 + argument.roughSize }
        var buffer = ByteBufferAllocator().buffer(capacity: capacity)
        buffer.writeHeader("*", arguments.count + 1)
        buffer.write(text: name)
        for argument in arguments { buffer.write(argument) }
        encoded = buffer
    }

    /// A command of one key and arguments.
    public init(_ name: String, key: String, _ arguments: RedisArgument...) {
        self.init(name, [.string(key)] + arguments)
    }

    /// A command of many keys.
    public init(_ name: String, keys: [String]) {
        self.init(name, keys.map { .string($0) })
    }
}

extension RedisCommand: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name and size, without the arguments, which may be secrets.
    public var description: String { "\(name) (\(encoded.readableBytes) bytes)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

extension RedisArgument {
    fileprivate var roughSize: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .integer: 20
        case .bytes(let bytes): bytes.count
        case .buffer(let buffer): buffer.readableBytes
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeHeader(_ kind: Unicode.Scalar, _ number: Int) {
        writeInteger(UInt8(ascii: kind))
        writeString(String(number))
        writeInteger(0x0D0A as UInt16)
    }

    fileprivate mutating func write(text: String) {
        writeHeader("$", text.utf8.count)
        writeString(text)
        writeInteger(0x0D0A as UInt16)
    }

    fileprivate mutating func write(_ argument: RedisArgument) {
        switch argument {
        case .string(let text): write(text: text)
        case .integer(let number): write(text: String(number))
        case .bytes(let bytes):
            writeHeader("$", bytes.count)
            writeBytes(bytes)
            writeInteger(0x0D0A as UInt16)
        case .buffer(let buffer):
            writeHeader("$", buffer.readableBytes)
            writeImmutableBuffer(buffer)
            writeInteger(0x0D0A as UInt16)
        }
    }
}
