import ArgumentParser
import Foundation
import JobCatalog
import JobStore

/// Which queue.
struct QueueOptions: ParsableArguments {
    static let environmentVariable = "NIGHTSHIFT_DB"

    @Option(
        name: .customLong("db"),
        help: ArgumentHelp(
            "The queue's file (environment: \(environmentVariable)); by default nightshift/queue.db in $XDG_DATA_HOME "
                + "or ~/.local/share.", valueName: "path"),
        completion: .file())
    var database: String?

    func validate() throws {
        if database?.isEmpty == true { throw ValidationError("--db names no file") }
    }

    /// The queue's file: `--db`, else the environment's, else the configuration's, else the default.
    ///
    /// - throws: ``CommandError`` (78) where nothing names one and there is no home.
    func path(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> String {
        if let database { return database }
        let settings = Settings(environment: environment, file: Settings.current.file)
        if let named = try settings.text(.db) { return named }
        guard let queue = Places(environment: environment).queue else {
            throw CommandError(.configuration, "HOME isn't set, so there is no default queue; name one with --db")
        }
        return queue.path(percentEncoded: false)
    }

    /// Opens the queue.
    ///
    /// - throws: `JobStoreError`; ``CommandError`` (66) with the first step to take where there is no queue at all yet.
    func openStore(_ mode: JobStore.Mode = .openExisting) throws -> JobStore {
        let path = try path()
        do {
            return try JobStore(path: path, mode: mode)
        } catch JobStoreError.notFound where path == Places.current.queue?.path(percentEncoded: false) {
            throw CommandError(.noInput, "there is no queue yet; make one with: nightshift init (it will be \(path))")
        }
    }
}

extension JobCatalog {
    /// The built-in kinds and those of whoever runs the command.
    static var ofUser: JobCatalog { JobCatalog(userFolder: Places.current.jobs) }
}
