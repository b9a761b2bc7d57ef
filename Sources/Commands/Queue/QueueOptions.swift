import ArgumentParser
import Documents
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
    /// - throws: `JobStoreError`.
    func openStore(_ mode: JobStore.Mode = .openExisting) throws -> JobStore {
        try JobStore(
            path: path(), mode: mode, readDocument: { try NewDocument(DocumentReader().read(.file(path: $0))) })
    }
}

extension NewDocument {
    init(_ document: Document) {
        self.init(
            text: document.text, title: document.title, source: document.source, mediaType: document.mediaType)
    }
}

extension JobCatalog {
    /// The built-in kinds and those of whoever runs the command.
    static var ofUser: JobCatalog { JobCatalog(userFolder: Places.current.jobs) }
}
