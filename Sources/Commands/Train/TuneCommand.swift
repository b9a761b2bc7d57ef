import ArgumentParser
import Foundation
import GPTJ
import JSONText
import JobCatalog
import Kernels
import ModelFiles
import Tokenization
import Training

struct TuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Teach a model a task by examples: a LoRA adapter, or all of its weights.",
        discussion: """
            Files have a pair a line: the inputs of a kind (document, question, title, options) with the output that is \
            wanted, which are put into the kind's own prompt; or a prompt with its completion. Only what is to be written \
            is learnt. "split": "dev" holds a line out.

              {"document": "…", "output": "…"}
              {"prompt": "Q: …\\nA:", "completion": " …"}

            With --from-queue the pairs are the queue's results that a person has accepted or corrected ('nightshift review'): \
            their prompts by the definitions that they were made by, in the style of the model that is tuned. What is left \
            out is said. A tuning that goes on keeps the pairs that it began with.

            By default a LoRA adapter is made, as the PyPI package peft reads it; with --full a whole model. best/ in the \
            output folder is the one with the lowest loss on held-out pairs. Stopped or killed, the same command goes on \
            from the last checkpoint and comes to the same numbers.

            Exit codes: 65 a line is no pair, none is left, or fewer than --minimum, or the loss is no number any more; 66 a \
            file isn't there; 74 the disk is full; 75 stopped by a signal; 78 the folder holds another training.

            EXAMPLES
              nightshift tune --model ./gpt-j-6b --kind summarize --output ./house-style pairs.jsonl
              nightshift tune --model ./tiny --full --kind answer --rate 0.0003 --epochs 5 --output ./answers qa.jsonl
              nightshift tune --from-queue --db night.db --kind summarize --dry-run > pairs.jsonl
              nightshift tune --from-queue --db night.db --kind summarize --output ./as-we-like-it
            """)

    @Argument(help: "Pairs, in lines of JSON; - for standard input.", completion: .file())
    var files: [String] = []

    @Option(help: "The folder to write to.", completion: .directory)
    var output: String?

    @OptionGroup var queued: QueuedPairsOptions

    @Flag(help: "Print the pairs in lines of JSON, with the half of the set that each is in, and write nothing.")
    var dryRun = false

    @OptionGroup var tuning: TuningOptions

    @Option(
        name: .shortAndLong, help: "The kind of lines that name none; of the queue, only jobs of this kind.",
        completion: .kind)
    var kind: String?

    @Option(help: "The style of prompt, in place of the model's own.")
    var style: String?

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of every line that doesn't set it; may be repeated.", valueName: "key=value"))
    var options: [String] = []

    func validate() throws {
        if output == nil, !dryRun { throw ValidationError("name the folder to write to: --output") }
        if queued.fromQueue {
            if !files.isEmpty { throw ValidationError("--from-queue takes no files") }
            if !options.isEmpty { throw ValidationError("-o is for lines of files; a queue's jobs have their options") }
        } else if files.isEmpty {
            throw ValidationError("name a file of pairs, or --from-queue")
        }
    }

    func run() async throws {
        let run = try TuningRun(tuning)
        let queuedPairs = queued.fromQueue ? QueuedPairs(options: queued, kind: kind) : nil
        let addPairs = try queuedPairs.map(adding) ?? addingFiles()
        guard let output, !dryRun else {
            let report = try await run.preview(style: style, addPairs: addPairs)
            try queuedPairs?.check(report)
            return
        }
        try await run.run(output: output, style: style, keepsSet: queued.fromQueue, addPairs: addPairs)
    }

    private func adding(_ pairs: QueuedPairs) -> TuningRun.AddPairs {
        { style, set in
            try await pairs.add(to: &set, style: style)
            if !dryRun { try pairs.check(set.report) }
        }
    }

    private func addingFiles() throws -> TuningRun.AddPairs {
        let catalog = JobCatalog.ofUser
        let options = try JobOptions.parse(arguments: self.options)
        return { style, set in
            for file in files {
                let reader = TuningPairReader(path: file, kind: kind, style: style, options: options, catalog: catalog)
                try reader.eachPair { try set.add($0, isHeldOut: $1) }
            }
        }
    }
}

/// What is tuned, and how.
struct TuningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The model to begin with: a folder, or the name of one where models are kept (environment: "
                + "NIGHTSHIFT_MODEL).", valueName: "path|name"),
        completion: .directory)
    var model: String?

    @Flag(help: "Change all weights, not an adapter's.")
    var full = false

    @Option(help: "The rank of the adapter's matrices.")
    var rank = 8

    @Option(
        help: "What the adapter's change is multiplied by, before it's divided by the rank; by default twice the rank.")
    var alpha: Double?

    @Option(
        help: ArgumentHelp(
            "A module that the adapter changes, or all-linear; may be repeated. By default q_proj and v_proj.",
            valueName: "module"))
    var target: [String] = []

    @Flag(help: "Divide by the rank's square root instead (rsLoRA).")
    var rslora = false

    @Option(help: "How often all pairs are read.")
    var epochs = 3.0

    @Option(help: "Steps in all, in place of --epochs.")
    var steps: Int?

    @Option(
        help:
            "Tokens of a window, which holds as many whole pairs as fit; by default the model's context, at most 1024.")
    var length: Int?

    @Option(help: "The share of pairs that is held out, 0 to 0.5.")
    var devShare = 0.05

    @OptionGroup var settings: TrainingOptions

    @Option(help: "How weights are stored.")
    var store: WeightStore?

    @Flag(help: "One JSON object at the end.")
    var json = false

    func validate() throws {
        guard (1...4096).contains(rank) else { throw ValidationError("--rank takes 1 to 4096") }
        if let alpha, !(alpha > 0 && alpha <= 1e6) { throw ValidationError("--alpha takes a number above 0") }
        for name in target where name != "all-linear" && !AdapterParameters.targets.contains(name) {
            throw ValidationError(
                "--target takes \(AdapterParameters.targets.joined(separator: ", ")) or all-linear, not '\(name)'")
        }
        guard epochs > 0, epochs <= 10_000 else {
            throw ValidationError("--epochs takes a number above 0, at most 10000")
        }
        if let steps, !(1...1_000_000_000).contains(steps) { throw ValidationError("--steps takes 1 to 1000000000") }
        if let length, !(2...1 << 20).contains(length) { throw ValidationError("--length takes 2 to \(1 << 20)") }
        guard (0...0.5).contains(devShare) else { throw ValidationError("--dev-share takes 0 to 0.5") }
        if !full, settings.optimizer == .muon {
            throw ValidationError("an adapter's matrices are stepped by adamw; muon is for --full")
        }
    }

    /// The adapter to make; `nil` for a whole model.
    var form: AdapterParameters.Form? {
        if full { return nil }
        let targets = target.contains("all-linear") ? AdapterParameters.targets : target
        return AdapterParameters.Form(
            rank: rank, alpha: alpha ?? Double(2 * rank), usesRankStabilizedScale: rslora,
            targets: targets.isEmpty ? ["q_proj", "v_proj"] : targets)
    }
}
