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
