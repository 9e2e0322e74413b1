import ArgumentParser

@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quran-bench",
        abstract: "Measure what the cache and the store promise, in full.",
        discussion: """
            Each command prints its figures, and exits with 1 if a promise is not kept. What needs servers starts them \
            itself, on free ports, with data in a temporary folder, and ends them. `make measure` builds it for release.
            """,
        subcommands: [
            CoherenceCommand.self, LongTransactionCommand.self, StampedeCommand.self,
            KillsCommand.self, RedisBenchCommand.self, TracesCommand.self, MemoryBudgetCommand.self, HitCommand.self,
        ])
}

/// Prints what was measured, and ends the program with 1 if a promise was not kept.
func conclude(_ broken: [String]) throws {
    guard !broken.isEmpty else { return print("kept") }
    for promise in broken { print("BROKEN: \(promise)") }
    throw ExitCode(1)
}
