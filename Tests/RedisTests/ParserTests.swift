import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Redis

@Suite struct `The parser` {
    /// `TEST_PARSER_ROUNDS` asks for more than the 10,000 of an ordinary run.
    private let rounds = ProcessInfo.processInfo.environment["TEST_PARSER_ROUNDS"].flatMap { Int($0) } ?? 10_000
    private let limits = ReplyLimits(size: 1 << 16, elements: 1 << 10)

    @Test func `reads a stream in any pieces as it reads the whole`() async throws {
        var random = SplitMix(seed: 1)
        for round in 0..<rounds {
            // The other tests need the threads too.
            if round.isMultiple(of: 50) { await Task.yield() }
            var stream = ByteBuffer()
            var values: [RedisValue] = []
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let value = RedisValue.random(depth: 0, using: &random)
                value.write(to: &stream)
                values.append(value)
            }
            #expect(try parse([stream]) == values, "round \(round)")
            #expect(try parse(stream.split(using: &random)) == values, "round \(round)")
        }
    }

    @Test func `survives streams of noise and of damaged replies, however they are cut`() async throws {
        var random = SplitMix(seed: 2)
        for round in 0..<rounds {
            // The other tests need the threads too.
            if round.isMultiple(of: 50) { await Task.yield() }
            var stream = ByteBuffer()
            if round.isMultiple(of: 2) {
                let alphabet = Array("+-:$*0123456789\r\n\r\n-1ab".utf8)
                for _ in 0..<Int.random(in: 0...60, using: &random) {
                    let byte = Bool.random(using: &random) ? alphabet.randomElement(using: &random) : nil
                    stream.writeInteger(byte ?? UInt8.random(in: 0...255, using: &random))
                }
            } else {
                for _ in 0..<3 { RedisValue.random(depth: 0, using: &random).write(to: &stream) }
                for _ in 0..<Int.random(in: 1...3, using: &random) where stream.readableBytes > 0 {
                    let index = stream.readerIndex + Int.random(in: 0..<stream.readableBytes, using: &random)
                    stream.setInteger(UInt8.random(in: 0...255, using: &random), at: index)
                }
            }
            // What comes before an error is the same too.
            let whole = outcome([stream])
            #expect(outcome(stream.split(using: &random)) == whole, "round \(round)")
        }
    }

    @Test(arguments: [
        (":-9223372036854775808\r\n", RedisValue.integer(.min)), (":9223372036854775807\r\n", .integer(.max)),
        (":0\r\n", .integer(0)), ("$0\r\n\r\n", .bulk(ByteBuffer())), ("*0\r\n", .array([])), ("$-1\r\n", .null),
        ("*-1\r\n", .null), ("+\r\n", .simple("")), ("-\r\n", .error(RedisServerError(message: ""))),
        (
            "*7\r\n+a\r\n:1\r\n$-1\r\n*0\r\n*-1\r\n*1\r\n*0\r\n-E x\r\n",
            .array([
                .simple("a"), .integer(1), .null, .array([]), .null, .array([.array([])]),
                .error(RedisServerError(message: "E x")),
            ])
        ),
    ])
    func `reads the edges of what is allowed`(text: String, value: RedisValue) throws {
        #expect(try parse([ByteBuffer(string: text)]) == [value])
    }

    @Test func `allows as much as the limits say and no more`() throws {
        let size = limits.size
        // "$65526\r\n" counts 6 for its type and shape, "\r\n" 2: the sum is the limit.
        let most = ByteBuffer(string: "$\(size - 6)\r\n" + String(repeating: "x", count: size - 6) + "\r\n")
        #expect(try parse([most]).count == 1)
        #expect(throws: RedisError.self) { try parse([ByteBuffer(string: "$\(size - 5)\r\n")]) }
        let elements = limits.elements - 1
        #expect(
            try parse([ByteBuffer(string: "*\(elements)\r\n" + String(repeating: ":1\r\n", count: elements))]).count
                == 1)
        #expect(throws: RedisError.self) { try parse([ByteBuffer(string: "*\(elements + 1)\r\n")]) }
        let deepest = String(repeating: "*1\r\n", count: ReplyLimits.depth) + ":1\r\n"
        #expect(try parse([ByteBuffer(string: deepest)]).count == 1)
        #expect(throws: RedisError.self) { try parse([ByteBuffer(string: "*1\r\n" + deepest)]) }
        // The limits are for one reply.
        #expect(try parse([most, most, most]).count == 3)
    }

    private func parse(_ pieces: [ByteBuffer]) throws -> [RedisValue] {
        var parser = try ReplyParser(limits: limits)
        var values: [RedisValue] = []
        for piece in pieces {
            var piece = piece
            while let value = try parser.next(from: &piece) { values.append(value) }
            #expect(piece.readableBytes == 0)
        }
        return values
    }

    /// The replies before an error, and whether there was one.
    private func outcome(_ pieces: [ByteBuffer]) -> Outcome {
        var outcome = Outcome()
        do throws(RedisError) {
            var parser = try ReplyParser(limits: limits)
            for piece in pieces {
                var piece = piece
                while let value = try parser.next(from: &piece) { outcome.values.append(value) }
            }
        } catch {
            #expect(error.code == .protocolViolation)
            outcome.failed = true
        }
        return outcome
    }

    private struct Outcome: Equatable {
        var values: [RedisValue] = []
        var failed = false
    }
}

extension ByteBuffer {
    fileprivate func split(using random: inout SplitMix) -> [ByteBuffer] {
        var rest = self
        var pieces: [ByteBuffer] = []
        while rest.readableBytes > 0 {
            let count = Int.random(in: 0...min(rest.readableBytes, 20), using: &random)
            if let piece = rest.readSlice(length: count) { pieces.append(piece) }
        }
        return pieces
    }
}

extension RedisValue {
    fileprivate static func random(depth: Int, using random: inout SplitMix) -> RedisValue {
        switch Int.random(in: 0...(depth < 5 ? 6 : 4), using: &random) {
        case 0: return .simple(["OK", "", "PONG", "سورة"].randomElement(using: &random) ?? "")
        case 1: return .integer([0, 1, -1, .max, .min, 77].randomElement(using: &random) ?? 0)
        case 2: return .null
        case 3: return .error(RedisServerError(message: "ERR some text"))
        case 4:
            let count = Bool.random(using: &random) ? Int.random(in: 0...8, using: &random) : 700
            return .bulk(ByteBuffer(bytes: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }))
        default:
            let count = Int.random(in: 0...4, using: &random)
            return .array((0..<count).map { _ in .random(depth: depth + 1, using: &random) })
        }
    }

    fileprivate func write(to buffer: inout ByteBuffer) {
        switch self {
        case .simple(let text): buffer.writeString("+\(text)\r\n")
        case .integer(let number): buffer.writeString(":\(number)\r\n")
        case .null: buffer.writeString("$-1\r\n")
        case .error(let error): buffer.writeString("-\(error.message)\r\n")
        case .bulk(let bytes):
            buffer.writeString("$\(bytes.readableBytes)\r\n")
            buffer.writeImmutableBuffer(bytes)
            buffer.writeString("\r\n")
        case .array(let values):
            buffer.writeString("*\(values.count)\r\n")
            for value in values { value.write(to: &buffer) }
        }
    }
}
