public import Foundation

/// The command-line tool of SQLite, as a person uses it.
public enum SQLitePrompt {
    public static let executable = ["/usr/bin/sqlite3", "/usr/local/bin/sqlite3", "/opt/homebrew/bin/sqlite3"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    public static var isInstalled: Bool { executable != nil }

    /// Feeds `sql` to `sqlite3 path` and returns what it prints on both streams, trimmed.
    public static func run(_ path: String, _ sql: String, in folder: URL? = nil) throws -> String {
        try runWithStatus(path, sql, in: folder).text
    }

    /// The same, and the exit status, 0 for success.
    public static func runWithStatus(
        _ path: String, _ sql: String, in folder: URL? = nil
    ) throws -> (text: String, status: Int32) {
        let prompt = TestProgram(
            executable ?? "/usr/bin/sqlite3", ["-cmd", ".timeout 10000", path, sql], folder: folder)
        let (text, status) = try prompt.run(joiningErrors: true)
        return (text.trimmingCharacters(in: .whitespacesAndNewlines), status)
    }
}
