import ArgumentParser
import Foundation
import GPTJ
import JSONText
import JobStore
import ModelFiles
import Reports

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "How long the queue would take on several machines, and among how many shards to deal it out.",
        discussion: """
            From the times of the jobs that this machine has done: each node is taken to be as fast. Which jobs count are \
            those that 'nightshift split' would give out. With --model, also the memory that a task needs. The arithmetic is \
            in Docs/cluster.md.

            EXAMPLES
              nightshift plan --nodes 8
              nightshift plan --nodes 4 --shards 32 --model /shared/gpt-j-6b --stage-seconds 90
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var filter: SelectionOptions

    @Option(help: "The most machines; fewer are shown as well.")
    var nodes: Int

    @Option(help: "Among how many shards; by default what suits each number of nodes.")
    var shards: Int?

    @Option(help: ArgumentHelp("Seconds that a task waits before it begins.", valueName: "seconds"))
    var delay = 5.0

    @Option(help: ArgumentHelp("Seconds that a node needs to copy the model to its disk.", valueName: "seconds"))
    var stageSeconds = 0.0

    @Option(help: ArgumentHelp("The engine whose times count, by the beginning of its name.", valueName: "name"))
    var engine: String?

    @OptionGroup(title: "Memory") var modelOptions: ModelOptions

    @Flag(help: "Print an object with all figures.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(nodes) else { throw ValidationError("--nodes takes 1 to 1000") }
        if let shards, !(1...JobStore.shardLimit).contains(shards) {
            throw ValidationError("--shards takes 1 to \(JobStore.shardLimit)")
        }
        guard (0...86_400).contains(delay), (0...86_400).contains(stageSeconds) else {
            throw ValidationError("--delay and --stage-seconds take 0 to 86400")
        }
    }

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let now = Date()
        let jobs = try await store.availableByKind(try await filter.selection(in: store))
            .map { ForecastJobs(kind: $0.kind, count: $0.count) }
        let load = try await store.usualLoadSeconds(engine: engine)
        let forecast = Forecast(try await store.timings(), engine: engine, now: now)
        let demand = try modelOptions.model.map { _ in try memory() }
        let lines = forecast.map { forecast in
            let plan = ClusterPlan(forecast, jobs: jobs, start: delay + load, staging: stageSeconds)
            return Self.steps(to: nodes).map { plan.line(nodes: $0, shards: shards) }
        }
        if json {
            try printJSON(jobs, forecast, load: load, lines ?? [], demand)
        } else {
            try printTable(jobs, forecast, load: load, lines ?? [], demand, now: now)
        }
        if forecast == nil {
            throw CommandError(
                .noInput,
                "the time is unknown: no job was done here yet. Do some first, such as: nightshift work --max-jobs 40")
        }
    }

    /// 1, 2, 4 and so on, and the number itself.
    static func steps(to nodes: Int) -> [Int] {
        var steps: [Int] = []
        var step = 1
        while step < nodes {
            steps.append(step)
            step *= 2
        }
        return steps + [nodes]
    }

    private func memory() throws -> ModelDemand {
        let located = try modelOptions.locate()
        let inspection = try ModelInspection(located)
        let stored = try GPTJWeights(configuration: inspection.configuration, checkpoint: inspection.checkpoint)
        return try ModelDemand(
            stored, files: inspection.checkpoint.files.reduce(0) { $0 + $1.byteCount }, options: modelOptions,
            path: inspection.url.path)
    }

    private func printTable(
        _ jobs: [ForecastJobs], _ forecast: Forecast?, load: Double, _ lines: [ClusterPlan.Line],
        _ demand: ModelDemand?,
        now: Date
    ) throws {
        let kinds = jobs.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
        let count = jobs.reduce(0) { $0 + $1.count }
        try Console.printForeign(count == 0 ? "No job is available." : "\(counted(count, "job")): \(kinds)")
        if !lines.isEmpty, count > 0 {
            var table = TextTable([
                .init("nodes", .right), .init("shards", .right), .init("time", .right), .init("from", .right),
                .init("to", .right), .init("of all machines", .right),
            ])
            for line in lines {
                table.append([
                    "\(line.nodes)", "\(line.shards)", TimeRange.text(seconds: line.time.expected),
                    TimeRange.text(seconds: line.time.shortest), TimeRange.text(seconds: line.time.longest),
                    TimeRange.text(seconds: line.machineSeconds),
                ])
            }
            for line in table.lines(width: Console.outputWidth, style: Console.outputStyle) { try Console.print(line) }
        }
        for choice in demand?.choices ?? [] {
            try Console.print(
                "memory of a task with --weights \(choice.weights): \(choice.bytes.byteText), \(choice.keyValues.byteText) "
                    + "of it for keys and values")
        }
        guard let forecast else { return }
        Console.noteForeign(
            """
            Learnt from \(counted(forecast.attempts, "job")) of \(forecast.engine), the latest \
            \(LocalTime.span(now.timeIntervalSince(forecast.latest))) ago; each task starts in \
            \(String(format: "%.1f", delay + load)) s, \(String(format: "%.1f", load)) of it for loading the model.
            """)
    }

    private func printJSON(
        _ jobs: [ForecastJobs], _ forecast: Forecast?, load: Double, _ lines: [ClusterPlan.Line], _ demand: ModelDemand?
    ) throws {
        func rounded(_ seconds: Double) -> JSONValue { .number((seconds * 10).rounded() / 10) }
        let plans = lines.map { line -> JSONValue in
            [
                "nodes": .integer(line.nodes), "shards": .integer(line.shards), "seconds": rounded(line.time.expected),
                "seconds_low": rounded(line.time.shortest), "seconds_high": rounded(line.time.longest),
                "machine_seconds": rounded(line.machineSeconds),
            ]
        }
        let memory = (demand?.choices ?? []).map { choice -> JSONValue in
            [
                "weights": .string(choice.weights.rawValue), "bytes": .integer(choice.bytes),
                "key_value_bytes": .integer(choice.keyValues),
            ]
        }
        let object: JSONObject = [
            "jobs": .integer(jobs.reduce(0) { $0 + $1.count }), "engine": forecast.map { .string($0.engine) } ?? .null,
            "attempts": .integer(forecast?.attempts ?? 0), "load_seconds": rounded(load),
            "start_seconds": rounded(delay + load), "plans": .array(plans), "memory": .array(memory),
        ]
        try Console.print(DelimitedText.json(.object(object)))
    }
}
