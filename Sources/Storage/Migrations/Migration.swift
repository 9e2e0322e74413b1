package import Crypto
public import Foundation

/// One step of the schema: a file `migrations/{engine}/NNNN_name.sql`, never changed once released.
public struct Migration: Sendable, Hashable {
    public let version: Int
    public let name: String
    /// SHA-256 of the file, in hexadecimal.
    public let checksum: String
    let script: String

    /// Reads the migrations of one engine, in order.
    ///
    /// - Parameter folder: the `migrations` folder.
    /// - Throws: ``StorageError`` (`migrationMismatch`) if the folder can't be read or the files are not numbered
    ///   0001, 0002, … without gaps.
    public static func load(from folder: URL, engine: DatabaseEngine) throws -> [Migration] {
        let folder = folder.appending(path: engine.rawValue)
        let files: [String]
        do {
            files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".sql") }
        } catch {
            throw StorageError(.migrationMismatch, "cannot read the migrations in \(folder.path)", cause: error)
        }
        return try files.sorted().enumerated().map { index, file in
            let expected = index + 1
            let digits = file.prefix { $0 != "_" }
            guard digits.utf8.count == 4, digits.allSatisfy(\.isWholeNumber), Int(digits) == expected,
                file.dropFirst(4).hasPrefix("_")
            else {
                throw StorageError(
                    .migrationMismatch, "migration file \(file) in \(folder.path) should be number \(expected)")
            }
            let data = try Data(contentsOf: folder.appending(path: file))
            guard let script = String(validating: data, as: UTF8.self) else {
                throw StorageError(.migrationMismatch, "migration file \(file) is not UTF-8")
            }
            return Migration(
                version: expected, name: String(file.dropFirst(5).dropLast(4)),
                checksum: SHA256.hash(data: data).hexadecimal, script: script)
        }
    }
}

/// What a store says of one migration.
public struct MigrationStatus: Sendable, Hashable {
    public let version: Int
    public let name: String
    /// When it was applied, in ISO 8601; `nil` if it is pending.
    public let appliedAt: String?
}

extension Digest {
    /// The digest as lower-case hexadecimal digits.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
