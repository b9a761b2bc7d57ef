import ArgumentParser
import Foundation
package import JobCatalog
package import JobStore
import Logging
import UnixSignals
package import Worker

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work",
        abstract: "Work through the queue.",
        discussion: """
            Claims jobs, runs many side by side, and writes each result the moment it's there. Any number of workers may \
            work on one queue. A worker that is killed loses nothing: its jobs go to the next one.

            SIGTERM, SIGINT, SIGHUP or SIGUSR1: claims no more, finishes what runs within --grace or hands it back; a second \
            signal hands it back at once. Exit codes: 0 all well, 1 some jobs failed, 70 the engine hangs, 74 the queue \
            can't be read or written, 75 stopped, out of time or outside the run window with work left.

            EXAMPLES
              nightshift work --drain                          until nothing is due
              nightshift work --until 06:00                    the night
              nightshift work -q contracts -j 8 --max-jobs 100
              nightshift work --db /shared/shards/shard-3.db --scratch /tmp --drain
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var modelOptions: ModelOptions

    @Option(
        name: [.customShort("q"), .customLong("queue")], help: "Serve only this queue; may be repeated.",
        completion: .queue)
    var queues: [String] = []

    @Option(
        name: .shortAndLong,
        help: "Jobs to hold at once; by default twice --batch-rows, so that those on one document run together.")
    var jobs: Int?

    @Flag(help: "End when nothing is due, instead of waiting for more.")
    var drain = false

    @Flag(help: "Claim once, do those jobs, and end.")
    var once = false

    @Option(help: ArgumentHelp("Claim nothing from this time on.", valueName: "time"))
    var until: String?

    @Option(help: ArgumentHelp("Claim nothing after this much time: 90s, 15m, 8h.", valueName: "duration"))
    var maxTime: String?

    @Option(help: "End after this many jobs.")
    var maxJobs: Int?

    @Option(help: ArgumentHelp("How long running jobs may go on after a stop; by default 30s.", valueName: "duration"))
    var grace: String?

    @Option(
        help: ArgumentHelp(
            "How long the engine may take for one step, which reads the weights once. Then the worker gives itself up, "
                + "and its jobs go to the next one. By default 15m.", valueName: "duration"))
    var stall: String?

    @Option(help: "The style of prompt, in place of the model's own.")
    var style: String?

    @Flag(
        help:
            "Have the queue alone: what dead workers have left running is released at once, whichever machine they were on."
    )
    var exclusive = false

    @OptionGroup(title: "Shards on a network disk") var shard: ShardOptions

    @Option(
        help: ArgumentHelp(
            "Keep this worker's figures in a file for node_exporter's textfile collector.", valueName: "file.prom"),
        completion: .file(extensions: ["prom"]))
    var metricsTextfile: String?

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        if let jobs, !(1...4096).contains(jobs) { throw ValidationError("--jobs takes 1 to 4096") }
        if let maxJobs, maxJobs < 1 { throw ValidationError("--max-jobs takes at least 1") }
        if shard.scratch != nil, !drain {
            throw ValidationError("--scratch needs --drain: the shard comes back when it is done")
        }
    }

    func run() async throws {
        var options = try workerOptions(now: Date())
        let metrics = try metricsTextfile.map(MetricsFile.init)
        // Before the model is loaded: a wrong name shows at once.
        var store = shard.scratch == nil ? try queueOptions.openStore() : nil
        if let scratch = shard.scratch { try shard.check(try queueOptions.path(), scratch: scratch) }
        let model = try modelOptions.load()
        let stay = try await shard.borrow(store == nil ? queueOptions.path() : nil)
        if stay != nil { options.drainPatience = ShardOptions.patience }
        store = store ?? stay?.store
        guard let store else { return }
        let catalog = JobCatalog.ofUser
        for problem in catalog.problems { Console.note("nightshift: \(problem)") }
        let session = try WorkerSession(
            store: store, engine: model.textEngine(style: style), catalog: catalog, options: options,
            journal: quiet ? nil : WorkJournal(), meter: quiet ? nil : WorkMeter(), metrics: metrics,
            service: ServiceManager(environment: ProcessInfo.processInfo.environment).map(ServiceReport.init),
            ownership: stay != nil ? .held : exclusive ? .exclusive : .shared)
        if !quiet { try await nameUnknownQueues(store) }
        let report: WorkerReport
        if let stay {
            report = try await stay.work(session)
        } else {
            report = try await session.run()
            try store.close()
        }
        if !quiet {
            Console.note(report.summary)
            if report.discarded > 0 { Console.note("to see why: nightshift list --state discarded") }
        }
        try report.throwUnlessClean()
    }

    /// A queue may come into being later, but its name is more often a slip.
    private func nameUnknownQueues(_ store: JobStore) async throws {
        guard !queues.isEmpty else { return }
        let known = try await store.queues().map(\.queue)
        for name in queues where !known.contains(name) {
            Console.noteForeign(
                "nightshift: there is no queue '\(name)' yet (queues: \(known.joined(separator: ", ")))")
        }
    }

    private func workerOptions(now: Date) throws -> WorkerOptions {
        let held = jobs ?? 2 * modelOptions.batchRows
        let stallSeconds = try TimeExpression.duration(stall ?? Settings.current.text(.stall) ?? "15m")
        guard stallSeconds > 0 else { throw CommandError(.usage, "--stall takes more than 0 s") }
        let ends = [
            try until.map { try TimeExpression.moment($0, now: now) },
            try maxTime.map { now.addingTimeInterval(try TimeExpression.duration($0)) },
        ].compactMap(\.self)
        return WorkerOptions(
            queues: queues.isEmpty ? nil : queues, concurrency: held, drains: drain, claimsOnce: once,
            maximumJobs: maxJobs, deadline: ends.min(),
            graceSeconds: try TimeExpression.duration(grace ?? Settings.current.text(.grace) ?? "30s"),
            stallSeconds: stallSeconds)
    }
}

/// A worker with its life line, its signals and its journal.
package struct WorkerSession: Sendable {
    private let store: JobStore
    private let worker: Worker
    /// Held as long as the worker lives: its release tells others that the worker is gone.
    private let lock: WorkerLock?
    private let service: ServiceReport?
    private let ownership: QueueOwnership?
    private let isAlone: Bool
    private let meter: WorkMeter?
    private let metrics: MetricsFile?
    private let id: String
    private let queues: [String]?

    /// How a worker has its queue.
    package enum Ownership: Sendable {
        /// With other workers.
        case shared
        /// Alone.
        case exclusive
        /// Alone, and whoever started the session has seen to that.
        case held
    }

    /// - parameters:
    ///   - journal: `nil` to show nothing.
    ///   - meter: `nil` to show no progress.
    ///   - metrics: `nil` to write none.
    ///   - service: `nil` where no service manager has started the worker.
    /// - throws: `JobStoreError.occupied` where other workers are in the way, or have the queue alone.
    package init(
        store: JobStore, engine: TextEngine, catalog: JobCatalog, options: WorkerOptions, journal: WorkJournal?,
        meter: WorkMeter? = nil, metrics: MetricsFile? = nil, service: ServiceReport? = nil,
        ownership: Ownership = .shared
    ) throws {
        isAlone = ownership == .exclusive
        self.ownership =
            ownership == .held
            ? nil : try QueueOwnership(folder: store.workerLockFolder, queue: store.path, isExclusive: isAlone)
        let random = UInt32.random(in: .min ... .max)
        let id = WorkerRegistration.id(host: .current, random: random)
        let lock = try WorkerLock(folder: store.workerLockFolder, worker: id)
        self.lock = lock
        self.store = store
        self.service = service
        self.meter = meter
        self.metrics = metrics
        self.id = id
        queues = options.queues
        worker = Worker(
            queue: store, engine: engine, catalog: catalog,
            registration: WorkerRegistration(
                host: .current, version: Version.current, engine: engine.description, random: random, lock: lock),
            options: options, logger: Console.logger,
            report: { event in
                meter?.write(event)
                journal?.write(event)
                service?.write(event)
            })
    }

    /// Works to the end; signals stop it.
    package func run() async throws -> WorkerReport {
        // Whoever read the journal may leave; the work goes on.
        signal(SIGPIPE, SIG_IGN)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigusr1)
        let watcher = Task {
            for await _ in signals { await requestStop() }
        }
        let beats = Task { await service?.beat { await worker.turnCount } }
        let display = Task {
            await meter?.run(underWay: { await worker.progress }, outlook: { await store.workOutlook(queues: queues) })
        }
        let figures = Task { await metrics?.run(store, worker: id) }
        defer {
            watcher.cancel()
            beats.cancel()
        }
        defer { withExtendedLifetime((lock, ownership)) {} }
        let result: Result<WorkerReport, any Error>
        do {
            if isAlone { try await store.releaseLeftovers(now: Date()) }
            result = .success(try await worker.run())
        } catch {
            result = .failure(error)
        }
        // The bar must be gone before anything is said about the end.
        display.cancel()
        figures.cancel()
        await display.value
        await figures.value
        do {
            return try result.get()
        } catch JobStoreError.fileGone(let path) {
            throw await rescue(path)
        }
    }

    /// The queue was taken away, but this process has it open still: nothing that was written is lost unless it ends so.
    private func rescue(_ path: String) async -> CommandError {
        let gone = "\(path) was deleted or replaced while this worker had it open"
        do {
            let copy = try await store.rescue(now: Date())
            return CommandError(
                .ioError,
                "\(gone). All that was in it, the latest results too, is in \(copy) now; work on with: "
                    + "nightshift work --db \(ShellText.quoted(copy))")
        } catch {
            return CommandError(.ioError, "\(gone), and it could not be copied: \(error)")
        }
    }

    func requestStop() async { await worker.requestStop() }
}
