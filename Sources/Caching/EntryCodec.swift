import NIOCore

/// How entries are written in the shared tier: a header that says everything about the entry, a checksum, the body, and
/// its compressed forms. Integers are big-endian.
///
/// | bytes | |
/// |---|---|
/// | 2 | `QB` |
/// | 1 | format, 1 |
/// | 1 | flags: 1 negative |
/// | 8 | filled at, milliseconds since 1970 |
/// | 8, 8 | time to live and stale time, milliseconds |
/// | 8 | position of the snapshot in the store's history |
/// | 4 | how many tags; for each 2 + n its name, 8 its version |
/// | 2 + n | content type |
/// | 2 + n | entity tag; length 0xFFFF for none |
/// | 4 | length of the body |
/// | 1 | how many compressed forms; for each 1 its coding, 4 its length |
/// | 4 | CRC-32C of everything before and behind it |
/// | n | the body, then the compressed forms |
///
/// Whatever is damaged, foreign or of another format decodes to `nil`: a miss.
enum EntryCodec {
    private static let magic: UInt16 = 0x5142
    private static let format: UInt8 = 1
    private static let none: UInt16 = 0xFFFF

    static func encode(_ entry: CacheEntry, now: CacheInstant, wallTime: Int64) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: entry.body.readableBytes + 512)
        buffer.writeInteger(magic)
        buffer.writeInteger(format)
        buffer.writeInteger(UInt8(entry.isNegative ? 1 : 0))
        buffer.writeInteger(wallTime - milliseconds(now - entry.filledAt))
        buffer.writeInteger(milliseconds(entry.timeToLive))
        buffer.writeInteger(milliseconds(entry.staleTime))
        buffer.writeInteger(entry.readAt.value)
        buffer.writeInteger(UInt32(entry.versions.count))
        for (tag, version) in entry.versions {
            write(tag.description, to: &buffer)
            buffer.writeInteger(version.value)
        }
        write(entry.contentType, to: &buffer)
        if let tag = entry.entityTag { write(tag, to: &buffer) } else { buffer.writeInteger(none) }
        buffer.writeInteger(UInt32(entry.body.readableBytes))
        buffer.writeInteger(UInt8(0))
        buffer.writeInteger(checksum(header: buffer, body: entry.body))
        buffer.writeImmutableBuffer(entry.body)
        return buffer
    }

    static func decode(_ encoded: ByteBuffer, now: CacheInstant, wallTime: Int64) -> CacheEntry? {
        var buffer = encoded
        guard buffer.readInteger(as: UInt16.self) == magic, buffer.readInteger(as: UInt8.self) == format,
            let flags = buffer.readInteger(as: UInt8.self), flags <= 1,
            let filled = buffer.readInteger(as: Int64.self), filled >= 0,
            let timeToLive = buffer.readInteger(as: Int64.self), timeToLive >= 0,
            let staleTime = buffer.readInteger(as: Int64.self), staleTime >= 0,
            let position = buffer.readInteger(as: Int64.self),
            let tagCount = buffer.readInteger(as: UInt32.self), tagCount <= 100_000
        else { return nil }
        var versions: [CacheTag: CacheVersion] = [:]
        for _ in 0..<tagCount {
            guard let name = readString(&buffer) ?? nil, let version = buffer.readInteger(as: Int64.self) else {
                return nil
            }
            versions[CacheTag(name)] = CacheVersion(version)
        }
        guard let contentType = readString(&buffer) ?? nil, let entityTag = readString(&buffer),
            let length = buffer.readInteger(as: UInt32.self), buffer.readInteger(as: UInt8.self) == 0
        else { return nil }
        let header = encoded.getSlice(at: encoded.readerIndex, length: buffer.readerIndex - encoded.readerIndex)
        guard let header, let sum = buffer.readInteger(as: UInt32.self), buffer.readableBytes == Int(length),
            sum == checksum(header: header, body: buffer)
        else { return nil }
        // Another machine's clock may be ahead of ours: nothing is younger than new.
        let age = Duration.milliseconds(max(0, wallTime - filled))
        // A buffer of its own: a slice would keep the header's bytes alive too.
        let fill = CacheFill(
            body: ByteBuffer(buffer: buffer), contentType: contentType, entityTag: entityTag, isNegative: flags == 1,
            versions: versions, readAt: FeedPosition(position))
        return CacheEntry(
            fill, filledAt: now - age, timeToLive: .milliseconds(timeToLive), staleTime: .milliseconds(staleTime))
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        duration.nanoseconds / 1_000_000
    }

    private static func checksum(header: ByteBuffer, body: ByteBuffer) -> UInt32 {
        var sum = CRC32C()
        sum.update(header.readableBytesView)
        sum.update(body.readableBytesView)
        return sum.value
    }

    private static func write(_ text: String, to buffer: inout ByteBuffer) {
        let bytes = text.utf8.prefix(Int(none) - 1)
        buffer.writeInteger(UInt16(bytes.count))
        buffer.writeBytes(bytes)
    }

    /// - Returns: `nil` if there is no whole string, `.some(nil)` for none.
    private static func readString(_ buffer: inout ByteBuffer) -> String?? {
        guard let length = buffer.readInteger(as: UInt16.self) else { return nil }
        guard length != none else { return .some(nil) }
        return buffer.readString(length: Int(length)).map(Optional.some)
    }
}
