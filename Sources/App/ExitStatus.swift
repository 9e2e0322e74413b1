import ArgumentParser
import Authentication
import Caching
import Configuration
import ContentService
import Logging
import NIOCore
import Quran
import Storage

/// The exit codes of the program, by the names of `sysexits.h`.
enum ExitStatus: Int32 {
    /// Content was refused, or a store is damaged.
    case badData = 65
    /// There is no store, or no content.
    case noInput = 66
    /// The database, the address to listen on or the server asked is not available.
    case unavailable = 69
    case failed = 70
    /// A server does not let this be done.
    case noPermission = 77
    case badConfiguration = 78
}

/// An end of the program that is one clear line and an exit code.
struct Failure: Error {
    let status: ExitStatus
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as ContentError: self.init(.badData, "content refused: \(error)")
        case let error as StructureError: self.init(.badData, "the structure is broken: \(error)")
        case let error as StorageError:
            let status: ExitStatus =
                switch error.code {
                case .invalidConfiguration: .badConfiguration
                case .missing: .noInput
                case .unavailable, .overloaded, .timedOut, .aborted: .unavailable
                case .migrationMismatch, .unexpectedResult: .badData
                case .constraintViolated, .statementFailed: .failed
                }
            self.init(status, error.message)
        case let error as AuthenticationError:
            self.init(error.code == .invalidConfiguration ? .badConfiguration : .failed, error.message)
        case let error as StoreUnavailable: self.init(error.cause)
        case let error as CacheError: self.init(.unavailable, "\(error)")
        default: self.init(.failed, "\(error)")
        }
    }
}

extension AsyncParsableCommand {
    /// Runs a command's work, and turns what it throws into one line on standard error and an exit code.
    func reportingFailure(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let exit as ExitCode {
            throw exit
        } catch {
            let failure = Failure(error)
            printError("quran: \(failure.message)")
            throw ExitCode(failure.status.rawValue)
        }
    }
}
