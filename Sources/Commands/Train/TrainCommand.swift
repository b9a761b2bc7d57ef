import ArgumentParser
import Foundation
import GPTJ
import Kernels
import ModelFiles
import Tokenization
import Training

struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a model, from scratch or from another's weights.",
        discussion: """
            'nightshift train' takes the options of 'nightshift train run', which 'nightshift help train run' lists. \
            Docs/training.md goes through an example.

            EXAMPLES
              nightshift tokenizer train --vocabulary-size 4096 --special '<|endoftext|>' --output tokenizer books.jsonl.gz
              nightshift train prepare --tokenizer tokenizer --output text.tokens --dev-share 0.01 --dev-output dev.tokens \
            books.jsonl.gz
              nightshift train --shape model.json --tokenizer tokenizer --data text.tokens --dev dev.tokens \
            --output model --steps 3000
            """,
        subcommands: [TrainRunCommand.self, PrepareCommand.self, TrainBenchCommand.self],
        defaultSubcommand: TrainRunCommand.self)
}

struct TrainRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Train a model, from scratch or from another's weights; the name may be left out.",
        discussion: """
            Started again with the same --output, a training goes on from its last checkpoint and comes to the same numbers \
            as one that was never stopped, even after kill -9. SIGTERM, SIGINT or SIGHUP: saves a checkpoint after the step \
            and exits with 75; a second signal ends it at once.

            The output folder gets the model as HuggingFace's libraries read it, best/ the one with the lowest loss on the \
            first --dev file, log.jsonl a line for each step and each look at held-out data, checkpoint.safetensors the \
            state. Docs/training.md goes through an example.

            A plan changes data and rates from stage to stage:

              stages:
                - {name: copying, steps: 2000, rate: 0.003, matrix-rate: 0.02, data: {copy.tokens: 0.6, text.tokens: 0.4}}
                - {name: tasks, steps: 8000, length: 512, data: {tasks.tokens: 0.8, text.tokens: 0.2}}

            Exit codes: 65 data that can't be used, or a loss that is no number any more; 66 a file isn't there; 74 the \
            disk is full; 75 stopped by a signal, or another training is at work in the folder; 78 the folder holds another \
            training, or the plan is wrong.

            EXAMPLES
              nightshift train --shape model.json --tokenizer tokenizer --data text.tokens --dev dev.tokens \
            --output model --steps 3000 --optimizer muon
              nightshift train --weights-from model --data tasks.tokens=0.8 --data text.tokens=0.2 --output tuned --steps 500
            """)

    @OptionGroup var network: TrainedNetworkOptions
    @OptionGroup var settings: TrainingOptions

    @Option(
        help: ArgumentHelp(
            "A file of tokens, how often its windows come beside the others' (by default as often as it has some), and "
                + "'running' or 'packed' (whole documents, each by itself, as examples of tasks are by default); may be "
                + "repeated.",
            valueName: "file[=weight[,form]]"),
        completion: .file())
    var data: [DataArgument] = []

    @Option(
        help: ArgumentHelp(
            "A file of held-out tokens; may be repeated. The first one's loss tells which model is the best.",
            valueName: "file"),
        completion: .file())
    var dev: [DataArgument] = []

    @Option(help: "Stages with data and rates of their own, in YAML.", completion: .file())
    var plan: String?

    @Option(help: "The folder to write to.", completion: .directory)
    var output: String

    @Option(help: "Tokens of a window.")
    var length = 512

    @Option(help: "Steps in all; a plan has its own.")
    var steps: Int?

    @Option(help: "How the weights are stored.")
    var store = WeightStore.f16

    @Flag(name: .customLong("continue"), help: "Only go on from a checkpoint, never begin.")
    var continues = false

    @Flag(help: "Go on from a checkpoint although data or order have changed since.")
    var acceptChanges = false

    @Flag(help: "One JSON object at the end.")
    var json = false

    func validate() throws {
        guard (2...1 << 20).contains(length) else { throw ValidationError("--length takes 2 to \(1 << 20)") }
        if plan == nil {
            guard !data.isEmpty else { throw ValidationError("--data or --plan must say what to train on") }
            guard let steps else { throw ValidationError("--steps must say how long to train") }
            guard (1...1_000_000_000).contains(steps) else { throw ValidationError("--steps takes 1 to 1000000000") }
            guard data.contains(where: { $0.weight != 0 }) else { throw ValidationError("every --data has weight 0") }
        } else if steps != nil {
            throw ValidationError("a plan says itself how many steps it has; leave --steps out")
        }
    }

    func run() async throws {
        let stop = StopSignal()
        let compute = try settings.makeCompute()
        let configuration = try network.configuration()
        let (tokenizerFolder, fingerprint) = try network.tokenizer(for: configuration)
        var (arguments, stages) = (data, [TrainingStage]())
        if let plan {
            let file = try TrainingPlanFile(path: plan, files: data, rates: settings.rates, length: length)
            (arguments, stages) = (file.files, file.stages)
        } else if let steps {
            stages = [
                TrainingStage(
                    name: "", steps: steps, rates: settings.rates, length: length, weights: data.map(\.weight))
            ]
        }
        for stage in stages where stage.length > configuration.contextLength {
            throw CommandError(
                .usage,
                "windows of \(stage.length) tokens don't fit the model's \(configuration.contextLength) positions")
        }
        let trainingData = try TrainingData(arguments, fingerprint: fingerprint, tokenizer: tokenizerFolder.path)
        let source = try trainingData.mixed(stages, windowsPerStep: settings.sequences, seed: settings.seed)
        let heldOut = try TrainingData(dev, fingerprint: fingerprint, tokenizer: tokenizerFolder.path)
            .separate(length: length, seed: settings.seed)
        let trainingPlan = settings.plan(stages)

        let folder = try TrainingFolder(output)
        if continues, !folder.hasCheckpoint {
            throw CommandError(.noInput, "\(output): there is no checkpoint to go on from; leave --continue out")
        }
        let parameters = try network.parameters(configuration, seed: settings.seed, on: compute)
        let trained = try TrainingNetwork(
            configuration, training: parameters, memory: settings.recompute ? .recomputed : .kept,
            precision: settings.checkedPrecision(), on: compute)
        settings.setDropout(of: trained)
        let optimizer = try settings.optimizer(parameters, on: compute)
        var progress =
            try folder.hasCheckpoint
            ? TrainingCheckpoint.load(
                folder.checkpoint, into: optimizer, source: acceptChanges ? nil : source.fingerprint, on: compute)
            : nil
        progress?.source = source.fingerprint
        tellBeginning(configuration, parameters, trainingData, trainingPlan, progress)
        if let progress, progress.step >= trainingPlan.schedule.stepCount {
            Console.note("nightshift: all \(progress.step.grouped) steps are taken; more of them go on from here")
        }
        let trainer = Trainer(
            trained, optimizer, source: source, heldOut: heldOut, plan: trainingPlan, progress: progress)
        let model = ModelFolder(configuration, type: store.type, tokenizer: tokenizerFolder)
        let session = TrainingSession(
            folder: folder, optimizer: optimizer, plan: trainingPlan,
            heldOutNames: dev.map { URL(filePath: $0.path).deletingPathExtension().lastPathComponent }
        ) { moment, progress in
            let target = moment == .best ? folder.best : folder.url
            let failures = try model.write(parameters, to: target, metadata: ["step": "\(progress.step)"])
            if failures > 0 {
                Console.note(
                    "nightshift: \(failures.grouped) weights are too large for \(store.rawValue); --store f32 holds them"
                )
            }
        }
        let outcome = try session.run(trainer, until: stop)
        try TrainingEnd(
            progress: trainer.progress, stepCount: trainingPlan.schedule.stepCount, folder: folder, output: output,
            what: "the model", asJSON: json
        ).tell(outcome)
    }

    private func tellBeginning(
        _ configuration: GPTJConfiguration, _ parameters: ParameterSet, _ data: TrainingData, _ plan: TrainingPlan,
        _ progress: TrainingCheckpoint.Progress?
    ) {
        let tokens = data.files.reduce(0) { $0 + $1.summary.tokenCount }
        Console.note(
            "\(parameters.count.grouped) parameters, \(counted(data.files.count, "file")) of \(tokens.grouped) tokens, "
                + "\(plan.schedule.stepCount.grouped) steps of \(plan.windowsPerStep) windows of \(length), "
                + counted(settings.threadCount, "thread"))
        if let progress { Console.note("goes on after step \(progress.step.grouped)") }
    }
}
