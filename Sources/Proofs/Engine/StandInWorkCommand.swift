import ArgumentParser
import Commands
import Foundation
import JobCatalog
import JobStore
import Worker

/// `nightshift work` with the stand-in engine: the processes that proofs kill.
struct StandInWorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work", abstract: "Work through a queue with an engine that takes its time.", shouldDisplay: false)

    @Option(name: .customLong("db")) var database: String
    @Option(name: .shortAndLong) var jobs = 4
    @Flag var drain = false
    @Option(help: "Seconds that a token takes.") var step = 0.003
    @Option(help: "Seconds after which no more is claimed.") var maxTime: Double?
    @Option var grace = "30s"
    @Flag var exclusive = false
    @OptionGroup var shard: ShardOptions
    /// Shorter than a worker's own, where a proof would wait for a minute.
    @Option var lease = 60.0
    @Option(help: "Seconds that a step of the engine may take.") var stall: Double?
    @Flag(help: "Let prompts make the engine sick.") var faults = false

    func run() async throws {
        let settings = QueueSettings(leaseSeconds: lease, heartbeatSeconds: lease / 4)
        let stay = try await shard.borrow(shard.scratch == nil ? nil : database, settings: settings)
        let store = try stay?.store ?? JobStore(path: database, settings: settings)
        var options = WorkerOptions(
            concurrency: jobs, drains: drain, deadline: maxTime.map { Date().addingTimeInterval($0) },
            graceSeconds: try Double(grace) ?? TimeExpression.duration(grace))
        if stay != nil { options.drainPatience = ShardOptions.patience }
        if let stall { options.stallSeconds = stall }
        let session = try WorkerSession(
            store: store, engine: StandInEngine.make(secondsPerStep: step, rows: jobs, hasFaults: faults),
            catalog: JobCatalog(), options: options, journal: WorkJournal(),
            ownership: stay != nil ? .held : exclusive ? .exclusive : .shared)
        let report: WorkerReport
        if let stay {
            report = try await stay.work(session)
        } else {
            report = try await session.run()
            try store.close()
        }
        FileHandle.standardError.write(Data((report.summary + "\n").utf8))
        try report.throwUnlessClean()
    }
}
