/// An error reply: `-WRONGTYPE Operation against a key …`.
public struct RedisServerError: Error, Sendable, Hashable {
    /// The first word in capitals, by which Redis tells its errors apart: `ERR`, `WRONGTYPE`, `NOAUTH`, `LOADING`,
    /// `READONLY`, `MASTERDOWN`, `NOSCRIPT`, `OOM`, … `ERR` if the reply begins with no such word.
    public let prefix: String
    /// The whole reply without its `-`. For unknown commands and in scripts the server may quote arguments.
    public let message: String

    public init(message: String) {
        self.message = message
        let word = message.prefix { $0 != " " }
        let isPrefix = !word.isEmpty && word.utf8.allSatisfy { 0x41...0x5A ~= $0 || $0 == 0x5F }
        prefix = isPrefix ? String(word) : "ERR"
    }
}
