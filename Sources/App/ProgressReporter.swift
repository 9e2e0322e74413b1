import Storage
import Synchronization

/// Shows how far a seed is: a bar on a terminal, a line for each edition otherwise.
final class ProgressReporter: Sendable {
    private struct State {
        var line = ""
        var isOpen = false
    }

    private let state = Mutex(State())
    private static let width = 30

    func report(_ progress: SeedProgress) {
        switch progress {
        case .reading(let file): show("reading \(file)", isLast: true)
        case .storing(let edition, let rows, let total):
            let filled = rows * Self.width / max(1, total)
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
            show("storing \(edition) \(bar) \(rows)/\(total)", isLast: rows == total)
        }
    }

    /// Ends the line of a bar.
    func finish() {
        state.withLock { state in
            if state.isOpen { write("\n", to: 2) }
            state.isOpen = false
        }
    }

    private func show(_ line: String, isLast: Bool) {
        state.withLock { state in
            guard line != state.line else { return }
            state.line = line
            if standardErrorIsTerminal {
                // Back to the start of the line, and clear it.
                write("\r\u{1B}[2K\(line)", to: 2)
                state.isOpen = true
            } else if isLast {
                write(line + "\n", to: 2)
            }
        }
    }
}
