import NIOCore

extension ConnectionGuard {
    /// What the client is at.
    enum Reading {
        /// Nothing, since then.
        case idle(since: NIODeadline)
        case head(ReadHead)
        case body(ReadBody)
        /// What it sends is read no more.
        case over
    }

    /// The head that is being read.
    struct ReadHead {
        var since: NIODeadline
        var bytes = 0
        var hasLine = false
    }

    /// The body that is being read.
    struct ReadBody {
        var since: NIODeadline
        /// What is yet to come; `nil` if that is not known.
        var rest: Int?
        /// Whether the client was not told that it need not send it.
        var isWelcome: Bool
        var bytes = 0
        /// With chunk headers and so on.
        var rawBytes = 0
    }
}
