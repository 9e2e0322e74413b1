import Storage
import Synchronization

/// Shows how far a seed is: a bar on a terminal, a line for each edition otherwise.
final class ProgressReporter: Sendable {
    /// Whether a bar stands on the terminal's last line.
    private let isOpen = Mutex(false)
    private static let width = 30

    func report(_ progress: SeedProgress) {
        switch progress {
        case .reading(let file): show("reading \(file)", line: "reading \(file)")
        case .storing(let edition, let rows, let total):
            let filled = rows * Self.width / max(1, total)
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
            show("storing \(edition) \(bar) \(rows)/\(total)", line: rows == total ? "stored \(edition)" : nil)
        }
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
