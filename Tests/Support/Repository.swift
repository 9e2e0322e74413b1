public import Foundation
import Storage

/// Where things are in the checkout that the tests run in.
public enum Repository {
    public static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The real content, where this machine has it; tests that use it run in addition to those on synthetic content.
    public static let realContent: URL? = {
        let environment = ProcessInfo.processInfo.environment
        let candidates = [
            environment["QURAN_CONTENT_DIR"].map { URL(filePath: $0) }, root.appending(path: "content"),
            root.appending(path: "../shared/content"),
        ]
        let found = candidates.compactMap(\.self).first {
            FileManager.default.fileExists(atPath: $0.appending(path: "quran-uthmani.txt").path)
        }
        print(
            "real content: \(found.map { "found in \($0.standardizedFileURL.path)" } ?? "not found, its tests do not run")"
        )
        return found?.standardizedFileURL
    }()
}

/// A folder that goes with the process.
public enum TemporaryFolder {
    public static let shared: URL = {
        let url = FileManager.default.temporaryDirectory.appending(path: "quran-tests-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            fatalError("cannot make \(url.path): \(error)")
        }
        atexit { TemporaryFolder.remove() }
        return url
    }()

    public static func unique(_ name: String) -> URL {
        shared.appending(path: "\(name)-\(UUID().uuidString)")
    }

    private static func remove() {
        do { try FileManager.default.removeItem(at: shared) } catch { print("left behind: \(shared.path)") }
    }
}
