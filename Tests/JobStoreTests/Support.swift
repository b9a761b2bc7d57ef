import Foundation
import JobStore

/// A folder for one test's files, removed with it.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "jobstore-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }
}

/// A new queue file of a test's own.
final class TestStore: Sendable {
    let folder: TemporaryFolder
    let store: JobStore
    var path: String { store.path }

    init(
        settings: QueueSettings = QueueSettings(), clock: WallClock = .system,
        random: @escaping @Sendable () -> Double = { 0.5 }
    ) throws {
        folder = try TemporaryFolder()
        store = try JobStore(
            path: folder.path("queue.db"), mode: .create, settings: settings, clock: clock, random: random)
    }

    /// Another connection to the same file, as another process would have.
    func another() throws -> JobStore { try JobStore(path: path, random: { 0.5 }) }
}

/// A fixed moment, so that tests don't depend on the clock: 2026-11-22 21:00:00 UTC.
let start = Date(timeIntervalSince1970: 1_795_381_200)

func seconds(_ number: Double) -> Date { start.addingTimeInterval(number) }

extension NewJob {
    static func text(_ text: String = "Bees make honey.", kind: String = "summarize") -> NewJob {
        NewJob(kind: kind, input: .inline(text))
    }
}

/// The command-line tool of SQLite, as a person uses it.
enum SQLitePrompt {
    static let executable = ["/usr/bin/sqlite3", "/usr/local/bin/sqlite3", "/opt/homebrew/bin/sqlite3"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    static var isInstalled: Bool { executable != nil }

    /// Feeds `sql` to `sqlite3 path` and returns what it prints on both streams, trimmed.
    static func run(_ path: String, _ sql: String, in folder: URL? = nil) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: executable ?? "/usr/bin/sqlite3")
        process.arguments = ["-cmd", ".timeout 10000", path, sql]
        process.currentDirectoryURL = folder
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
