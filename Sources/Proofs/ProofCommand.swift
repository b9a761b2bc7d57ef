package import ArgumentParser
import Foundation
import JobStore

/// The command `nightshift-proof`: tries to break the queue's promises.
package struct ProofCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "nightshift-proof",
        abstract: "Tries to make the queue lose, double or forget a job, and says what it has tried and found.",
        discussion: "Each proof prints its seed; given the same with --seed, it makes the same choices again.",
        subcommands: [
            KillCommand.self, PowerCutCommand.self, SequencesCommand.self, FaultsCommand.self, EngineFaultsCommand.self,
            SignalsCommand.self, ClockCommand.self, RatesCommand.self, PipeProofCommand.self, SoakCommand.self,
            FloorsCommand.self, StandInWorkCommand.self, StandInPipeCommand.self, AuditCommand.self,
        ])

    package init() {}
}

/// Where a proof's random choices come from.
struct SeedOption: ParsableArguments {
    @Option(help: "Makes the same random choices as a run that has printed it.") var seed: UInt64?

    var value: UInt64 { seed ?? UInt64.random(in: 1...999_999_999) }
}

extension ProofReport {
    /// Runs a proof, says how it went, and ends with 1 where a promise was broken.
    static func prove(_ name: String, _ body: (ProofReport) async throws -> Void) async throws {
        let report = ProofReport()
        do {
            try await body(report)
        } catch let error as ProofError {
            report.find(error.description)
        }
        if !report.conclude(name) { throw ExitCode(1) }
    }
}

struct KillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Kill workers (SIGKILL) at any moment and look for lost and doubled jobs.")

    @Option(help: "Workers to kill while they have jobs in hand.") var kills = 300
    @Option(help: "Workers at once.") var workers = 5
    @Option(help: "Use this nightshift, with --model, in place of the stand-in engine.") var nightshift: String?
    @Option(help: "The model of --nightshift.") var model: String?
    @OptionGroup var seed: SeedOption

    func run() async throws {
        let kind: WorkerKind =
            if let nightshift, let model { .product(executable: nightshift, model: model) } else { .standIn }
        try await ProofReport.prove("kill") { report in
            try await KillProof(kills: kills, workers: workers, kind: kind, seed: seed.value).run(report)
        }
    }
}

struct PowerCutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "power", abstract: "Cut the power at any byte of the log, and open what is left.")

    @Option(help: "Beginnings of the log to open.") var prefixes = 300
    @OptionGroup var seed: SeedOption

    func run() async throws {
        try await ProofReport.prove("power") { report in
            try await PowerCutProof(prefixes: prefixes, seed: seed.value).run(report)
        }
    }
}

struct SequencesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sequences", abstract: "Compare random sequences of operations with a model of the queue.")

    @Option(help: "Sequences.") var count = 1000
    @Option(help: "Operations to each.") var length = 50
    @OptionGroup var seed: SeedOption

    func run() async throws {
        try await ProofReport.prove("sequences") { report in
            try await SequenceProof(count: count, length: length, seed: seed.value).run(report)
        }
    }
}

struct FaultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "faults", abstract: "Full and failing disks, wrong files, held locks.")

    @Option(help: "How long another process holds the write lock.") var lockSeconds = 30

    func run() async throws {
        try await ProofReport.prove("faults") { try await FaultProof(lockSeconds: lockSeconds).run($0) }
    }
}

struct EngineFaultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine", abstract: "Engines that hang, crash, answer nonsense or run out of memory.")

    @Option(help: "Jobs that are well, beside the sick ones.") var jobs = 40

    func run() async throws {
        try await ProofReport.prove("engine") { try await EngineFaultProof(jobs: jobs).run($0) }
    }
}

struct SignalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signals", abstract: "Every signal a worker may get, also in a terminal.")

    func run() async throws { try await ProofReport.prove("signals") { try await SignalProof().run($0) } }
}

struct ClockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock", abstract: "Clocks that are set, and workers asleep past their leases.")

    func run() async throws { try await ProofReport.prove("clock") { try await ClockProof().run($0) } }
}

struct RatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rates", abstract: "Many processes at a queue with a rate and a concurrency.")

    @Option var jobs = 100
    @Option var workers = 6

    func run() async throws {
        try await ProofReport.prove("rates") { try await RateProof(jobs: jobs, workers: workers).run($0) }
    }
}

struct PipeProofCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipes", abstract: "Many lines through a pipe that is killed, and whose answers nobody takes.")

    @Option(help: "Lines to answer.") var lines = 100_000
    @Option(help: "How often to kill it meanwhile.") var kills = 20
    @OptionGroup var seed: SeedOption

    func run() async throws {
        try await ProofReport.prove("pipes") {
            try await PipeProof(lines: lines, kills: kills, seed: seed.value).run($0)
        }
    }
}

struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak", abstract: "Workers at work for hours: memory, descriptors and log must not grow.")

    @Option(help: "How long.") var minutes = 480.0
    @Option var workers = 3

    func run() async throws {
        try await ProofReport.prove("soak") { try await SoakProof(minutes: minutes, workers: workers).run($0) }
    }
}

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Look whether a queue's rows are what they must be, whatever was done to it.")

    @Option(name: .customLong("db"), help: "The queue's file.") var database: String

    func run() async throws {
        try await ProofReport.prove("audit") { report in
            let store = try JobStore(path: database)
            for violation in try await store.audit() { report.find(violation) }
            try store.close()
        }
    }
}

struct FloorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "floors", abstract: "Measure what the queue must achieve; figures, not a test.")

    @Option(help: "Finished jobs in the file meanwhile.") var finishedJobs = 1_000_000

    func run() async throws { try await FloorBenchmark(finishedJobs: finishedJobs).run(ProofReport()) }
}
