/// The parts of a `redis://` URL. Its errors never quote it: anything in it may be a piece of the password.
struct RedisURL {
    let usesTLS: Bool
    let host: String
    let port: Int
    let database: Int
    let user: String?
    let password: String?

    init(_ url: String) throws(RedisError) {
        let rest: Substring
        if url.hasPrefix("redis://") {
            usesTLS = false
            rest = url.dropFirst(8)
        } else if url.hasPrefix("rediss://") {
            usesTLS = true
            rest = url.dropFirst(9)
        } else {
            throw Self.invalid("begins with neither redis:// nor rediss://")
        }
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw Self.invalid("has a query or a fragment: percent-encode ? and #")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        database = try Self.database(rest[slash...].dropFirst())
        let at = authority.firstIndex(of: "@")
        if let at {
            (user, password) = try Self.credentials(authority[..<at])
        } else {
            (user, password) = (nil, nil)
        }
        let server = at.map { authority[authority.index(after: $0)...] } ?? authority
        (host, port) = try Self.server(server)
    }

    private static func credentials(_ text: Substring) throws(RedisError) -> (user: String?, password: String?) {
        let colon = text.firstIndex(of: ":")
        let user = try decode(text[..<(colon ?? text.endIndex)])
        let password: String? =
            if let colon { try decode(text[text.index(after: colon)...]) } else { nil }
        guard user.isEmpty || password != nil else { throw invalid("has a user without a password") }
        return (user.isEmpty ? nil : user, password?.isEmpty == true && user.isEmpty ? nil : password)
    }

    private static func server(_ text: Substring) throws(RedisError) -> (host: String, port: Int) {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let bracket = text.firstIndex(of: "]") else { throw invalid("has a [ without a ]") }
            host = text[text.index(after: text.startIndex)..<bracket]
            let after = text[text.index(after: bracket)...]
            guard after.isEmpty || after.first == ":" else { throw invalid("has something between ] and the port") }
            port = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "@") }) else {
            throw invalid("has no host, or one with strange characters: percent-encode the password's")
        }
        guard let port else { return (String(host), 6379) }
        guard port.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(port), 1...65535 ~= number else {
            throw invalid("has a port that is no number of 1 to 65535: percent-encode special characters before it")
        }
        return (String(host), number)
    }

    private static func database(_ text: Substring) throws(RedisError) -> Int {
        guard !text.isEmpty else { return 0 }
        guard text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int32(text) else {
            throw invalid("has a path that is no database number: percent-encode the password's special characters")
        }
        return Int(number)
    }

    private static func decode(_ text: Substring) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                throw invalid("has a % that two hexadecimal digits don't follow")
            }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw invalid("has a user or password that isn't UTF-8")
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }

    private static func invalid(_ what: String) -> RedisError {
        RedisError(.invalidConfiguration, "the Redis URL \(what)")
    }
}
