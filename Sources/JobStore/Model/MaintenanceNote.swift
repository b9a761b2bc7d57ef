/// Something about the store that a person should know, and can do something about.
public enum MaintenanceNote: Sendable, Equatable, CustomStringConvertible {
    /// The write-ahead log can't be written back, since somebody keeps a read open.
    ///
    /// - holders: the other processes that have the file open, as far as they can be seen.
    case logGrows(path: String, bytes: UInt64, holders: [String])

    public var description: String {
        switch self {
        case .logGrows(let path, let bytes, let holders):
            let whose = holders.isEmpty ? "" : "; open in \(holders.joined(separator: ", "))"
            return """
                the log \(path)-wal has grown to \(bytes >> 20) MiB, since somebody keeps a read of the queue open. Look \
                for a sqlite3 prompt with a statement or BEGIN that hasn't ended, and end it\(whose)
                """
        }
    }
}
