import Storage
import Synchronization

/// Shows how far something is: a bar on a terminal, a line now and then otherwise.
final class ProgressReporter: Sendable {
    /// Whether a bar stands on the terminal's last line.
    private let isOpen = Mutex(false)
    private static let width = 30
    /// Where there is no terminal: the tenth that was last told of.
    private let tenth = Mutex(0)

    func report(_ progress: SeedProgress) {
        switch progress {
        case .reading(let file): show("reading \(file)", line: "reading \(file)")
        case .storing(let edition, let rows, let total):
            show(
                "storing \(edition) \(bar(rows, of: total))", line: rows == total ? "stored \(edition)" : nil)
        }
    }

    /// Shows how much of a whole is done; a line for each tenth where there is no terminal.
    func report(_ what: String, _ done: Int, of total: Int) {
        let reached = done * 10 / max(1, total)
        let isNews = tenth.withLock { tenth in
            defer { tenth = reached }
            return reached > tenth
        }
        show("\(what) \(bar(done, of: total))", line: isNews ? "\(what) \(done)/\(total)" : nil)
    }

    private func bar(_ done: Int, of total: Int) -> String {
        let filled = min(Self.width, done * Self.width / max(1, total))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        return "\(bar) \(done)/\(total)"
    }

    /// Ends the line of a bar.
    func finish() {
        isOpen.withLock { isOpen in
            if isOpen { write("\n", to: 2) }
            isOpen = false
        }
    }

    private func show(_ bar: String, line: String?) {
        isOpen.withLock { isOpen in
            if standardErrorIsTerminal {
                // Back to the start of the line, and clear it.
                write("\r\u{1B}[2K\(bar)", to: 2)
                isOpen = true
            } else if let line {
                printError(line)
            }
        }
    }
}
