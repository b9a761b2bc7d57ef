public import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

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
    ///
    /// By the C library: of the thousands that tests start, one crashed now and then within Foundation's `Process.run`.
    public static func runWithStatus(
        _ path: String, _ sql: String, in folder: URL? = nil
    ) throws -> (text: String, status: Int32) {
        func quoted(_ word: String) -> String { "'\(word.replacing("'", with: #"'\''"#))'" }
        let words = [executable ?? "/usr/bin/sqlite3", "-cmd", ".timeout 10000", path, sql].map(quoted)
        let place = folder.map { "cd \(quoted($0.path(percentEncoded: false))) && " } ?? ""
        guard let stream = popen("\(place)exec \(words.joined(separator: " ")) 2>&1 </dev/null", "re") else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        var output = Data()
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = fread(&piece, 1, piece.count, stream), count > 0 {
            output.append(contentsOf: piece[..<count])
        }
        let status = pclose(stream)
        return (String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines), status)
    }
}
