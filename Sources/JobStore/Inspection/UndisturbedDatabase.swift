import Foundation
import GRDB

/// Reads a file without leaving a trace of it, not even the files that SQLite makes beside a database it opens.
///
/// Where nobody has the file open there is no log beside it; all is in the file then, and it is read as one that can't
/// change, without locks or shared memory. Should somebody open it meanwhile, what was read is thrown away and read anew
/// in the usual way, which adds nothing to the files that are there by then.
struct UndisturbedDatabase {
    let path: String

    /// Runs `body` once as a rule, again where the file was changed under it.
    ///
    /// - Throws: `JobStoreError`, and what `body` throws.
    func read<T>(_ body: (Database) throws -> T) throws -> T {
        try translatingErrors(path: path) {
            for _ in 0..<2 where !hasLog {
                let before = FileStamp(path: path)
                let outcome = Result { try read(at: unchangingURI, body) }
                if !hasLog, FileStamp(path: path) == before { return try outcome.get() }
            }
            return try read(at: path, body)
        }
    }

    private func read<T>(at location: String, _ body: (Database) throws -> T) throws -> T {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let database = try DatabaseQueue(path: location, configuration: configuration)
        defer { try? database.close() }
        return try database.read(body)
    }

    /// Whether a part of the content lies beside the file.
    private var hasLog: Bool {
        ["-wal", "-journal"].contains { FileManager.default.fileExists(atPath: path + $0) }
    }

    /// The file's name in the form that takes options: from the root on, since what follows `file://` names a machine.
    private var unchangingURI: String {
        let plain = CharacterSet(charactersIn: "/-._~").union(.alphanumerics)
        let absolute = URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
        let escaped = absolute.addingPercentEncoding(withAllowedCharacters: plain) ?? absolute
        return "file://\(escaped)?immutable=1"
    }
}

/// What changes of a file when somebody writes to it. Asking for it opens nothing.
struct FileStamp: Equatable {
    private let identity: FileIdentity?
    private let size: UInt64?
    private let modified: Date?

    init(path: String) {
        identity = FileIdentity(path: path)
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        size = (attributes?[.size] as? NSNumber)?.uint64Value
        modified = attributes?[.modificationDate] as? Date
    }

    /// The stamp to be kept; `nil` where there is no file.
    var text: String? {
        guard let identity, let size, let modified else { return nil }
        return "\(identity.text) \(size) \(modified.timeIntervalSince1970)"
    }
}
