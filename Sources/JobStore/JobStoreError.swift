/// What can go wrong between the program and the queue file.
public enum JobStoreError: Error, Sendable, Equatable {
    /// There is no file at `path`.
    case notFound(path: String)
    /// The file, or a folder or file beside it, can't be created or opened.
    case cannotOpen(path: String, reason: String)
    /// The file may be read but not written.
    case notWritable(path: String)
    /// The file is not SQLite's.
    case notADatabase(path: String)
    /// The file is a database of another program; `applicationID` is what its header says.
    case foreignDatabase(path: String, applicationID: Int)
    /// The file was migrated by a newer nightshift.
    case newerSchema(path: String, found: Int, supported: Int)
    /// A migration that was applied to the file is not the one this program would have applied.
    case changedMigration(path: String, version: Int, name: String, recorded: String, embedded: String)
    /// The file says it is a nightshift queue, and its schema contradicts it.
    case damagedSchema(path: String, detail: String)
    /// The file lies on a file system whose locks SQLite's write-ahead log can't rely on.
    case networkFileSystem(path: String, kind: String)
    /// The system's SQLite library lacks what the schema uses.
    case sqliteTooOld(found: String, required: String)
    /// Another process kept the database locked for longer than the timeout. Trying again is right.
    case busy(path: String)
    /// Other workers are at the file, and this one wants it alone; or the other way round.
    case occupied(path: String, reason: String)
    /// The disk is full. Nothing was changed; trying again once there is room is right.
    case diskFull(path: String)
    /// SQLite found the file damaged.
    case corrupt(path: String, detail: String)
    /// The operating system reported an error while reading or writing.
    case inputOutput(path: String, detail: String)
    /// The file was deleted, or another one put in its place, while it was in use.
    case fileGone(path: String)
    /// A job to enqueue was refused; `constraint` is the rule it breaks.
    case refusedJob(index: Int, constraint: String)
    /// Two jobs of one batch have the same `custom_id`.
    case duplicateCustomID(index: Int, customID: String, batchID: Int64)
    /// A text to store holds a NUL character, at which SQLite's text functions would cut it off.
    case nulCharacter(index: Int, field: String)
    /// A job's options are JSON, but not an object.
    case optionsNotAnObject(jobID: Int64, options: String)
    /// A rule of the schema refused a change.
    case constraint(message: String)
    /// A schedule that can't be added.
    case refusedSchedule(name: String, reason: String)
    /// There is no queue of that name.
    case unknownQueue(name: String, known: [String])
    /// A file that can't be a shard of this queue, or a folder that no shards can be made in.
    case refusedShard(path: String, reason: String)
    /// Anything else SQLite reports.
    case sqlite(path: String, code: Int, message: String)

    /// Whether it tells of one job of several, which the others have nothing to do with.
    var isAboutOneJob: Bool {
        switch self {
        case .refusedJob, .duplicateCustomID, .nulCharacter: true
        default: false
        }
    }

    /// Whether the same call may succeed later without anybody changing anything in it: what a worker that holds a
    /// result in memory must try again rather than give up.
    public var isTransient: Bool {
        switch self {
        case .busy, .diskFull, .inputOutput: true
        default: false
        }
    }
}

extension JobStoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound(let path):
            "there is no queue at \(path); make one with: nightshift init \(path)"
        case .cannotOpen(let path, let reason):
            "Cannot open \(path): \(reason)"
        case .notWritable(let path):
            "\(path) cannot be written. The worker and every change need write permission on the file and its folder."
        case .notADatabase(let path):
            "\(path) is not a SQLite database. Choose another path, or move the file away and run: nightshift init \(path)"
        case .foreignDatabase(let path, let id):
            """
            \(path) is a database of another program (application id \(id), expected \(Migrator.applicationID)). \
            Nothing in it was changed. Choose another path.
            """
        case .newerSchema(let path, let found, let supported):
            "\(path) has schema version \(found); this nightshift knows versions up to \(supported). Update nightshift."
        case .changedMigration(let path, let version, let name, let recorded, let embedded):
            """
            Migration \(version) (\(name)) was applied to \(path) with the checksum \(recorded.prefix(12))…, but this \
            nightshift carries \(embedded.prefix(12))…. Use the nightshift that made the file, or a released one.
            """
        case .damagedSchema(let path, let detail):
            "\(path) says it is a nightshift queue, but \(detail). Restore it from a backup."
        case .networkFileSystem(let path, let kind):
            """
            \(path) lies on \(kind), where SQLite's locks between processes cannot be relied on. Put the queue on a \
            local disk.
            """
        case .sqliteTooOld(let found, let required):
            "The system's SQLite is \(found); nightshift needs \(required) or later. Update libsqlite3."
        case .busy(let path):
            """
            \(path) is locked by another process. Look for a sqlite3 prompt with an open BEGIN, then try again.
            """
        case .occupied(let path, let reason):
            "\(path): \(reason). Try again when they have ended."
        case .diskFull(let path):
            "The disk that holds \(path) is full. Make room and try again; nothing was changed."
        case .corrupt(let path, let detail):
            "\(path) is damaged (\(detail)). Restore it from a backup, or try: sqlite3 \(path) .recover"
        case .inputOutput(let path, let detail):
            "Reading or writing \(path) failed: \(detail)"
        case .fileGone(let path):
            "\(path) was deleted or replaced while it was in use; what is written now goes nowhere."
        case .refusedJob(let index, let constraint):
            "Job \(index + 1) of those given was refused: \(constraint)"
        case .duplicateCustomID(let index, let customID, let batchID):
            """
            Job \(index + 1) of those given has the custom_id '\(customID)', which batch \(batchID) holds already. \
            Give every job of a batch its own.
            """
        case .nulCharacter(let index, let field):
            """
            The \(field) of job \(index + 1) of those given holds a NUL character, so it is not text. \
            Remove it, or convert the file to text first.
            """
        case .optionsNotAnObject(let jobID, let options):
            "The options of job \(jobID) are not a JSON object such as {\"max_tokens\": 80}: \(options.prefix(60))"
        case .constraint(let message):
            "The database refused the change: \(message)"
        case .refusedSchedule(let name, let reason):
            "The schedule '\(name)' was not added: \(reason)"
        case .unknownQueue(let name, let known):
            "There is no queue '\(name)'. Queues: \(known.joined(separator: ", "))"
        case .refusedShard(let path, let reason):
            "\(path): \(reason)"
        case .sqlite(let path, let code, let message):
            "SQLite reports error \(code) for \(path): \(message)"
        }
    }
}
