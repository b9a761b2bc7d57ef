import Foundation
import GPTJ
import JSONText
import JobCatalog
import Kernels
import ModelFiles
import Tokenization
import Training

/// Tunes a model on pairs, wherever they come from.
struct TuningRun {
    private let options: TuningOptions
    private let located: LocatedModel
    private let network: GPTJConfiguration
    private let tokenizer: Tokenizer
    private let fingerprint: String

    /// - throws: ``CommandError`` (69) for no model; `ModelFileError`, `TokenizerError`.
    init(_ options: TuningOptions) throws {
        self.options = options
        located = try ModelOptions.locate(options.model)
        guard located.gguf == nil else {
            throw CommandError(
                .badData,
                located.isBuiltIn
                    ? "the model inside nightshift has packed weights, through which no gradients go; name a model's folder by "
                        + "--model, such as one that 'nightshift train' has made"
                    : "\(located.url.path): gradients don't go through packed weights; name the folder it was made of")
        }
        network = try GPTJConfiguration(folder: located.folder)
        let definition = try TokenizerDefinition(folder: located.folder)
        tokenizer = try Tokenizer(definition)
        fingerprint = TokenizerFingerprint.fingerprint(of: definition)
    }

    private var length: Int { options.length ?? min(network.contextLength, 1024) }

    private func style(_ named: String?) -> PromptStyle {
        named.map(PromptStyle.init(rawValue:))
            ?? PromptStyle(
                for: ModelFacts(
                    name: located.folder.standardizedFileURL.lastPathComponent,
                    specialTokens: Set(tokenizer.addedTokens.map(\.content))))
    }

    private func set(
        in folder: URL?, show: ((_ pair: TuningPair, _ isHeldOut: Bool) throws -> Void)? = nil
    ) throws -> TuningSetWriter {
        guard length <= network.contextLength else {
            throw CommandError(
                .usage, "windows of \(length) tokens don't fit the model's \(network.contextLength) positions")
        }
        return try TuningSetWriter(
            tokenizer, fingerprint: fingerprint, end: network.eosTokenIDs.first, length: length,
            heldOutShare: options.devShare, in: folder, show: show)
    }

    /// Prints the pairs that would be learnt from, in lines that `tune` takes as well; nothing is written.
    ///
    /// - parameters: as those of `run`.
    func preview(style named: String?, addPairs: AddPairs) async throws -> TuningSetWriter.Report {
        var set = try set(in: nil) { pair, isHeldOut in
            var line = pair.origin
            line["prompt"] = .string(pair.prompt.map(\.text).joined())
            line["completion"] = .string(pair.completion)
            line["split"] = .string(isHeldOut ? "dev" : "train")
            try Console.print(JSONValue.object(line).text)
        }
        try await addPairs(style(named), &set)
        tell(set.report)
        return set.report
    }

    /// Adds all pairs, always the same in the same order.
    typealias AddPairs = (_ style: PromptStyle, _ set: inout TuningSetWriter) async throws -> Void

    /// - parameters:
    ///   - named: `--style`; `nil` for the model's own
    ///   - keepsSet: whether a tuning that goes on takes the pairs that it began with, since others may have come
    /// - throws: what `addPairs` throws; ``CommandError`` (75) where a signal stopped it.
    func run(output: String, style named: String?, keepsSet: Bool, addPairs: AddPairs) async throws {
        let stop = StopSignal()
        let compute = try options.settings.makeCompute()
        let folder = try TrainingFolder(output)
        let (path, heldOutPath) = (TuningSetWriter.path(in: folder.url), TuningSetWriter.heldOutPath(in: folder.url))
        if keepsSet, folder.hasCheckpoint, OutputFile.exists(path), OutputFile.exists(heldOutPath) {
            Console.note(
                "goes on with the pairs that it began with; another --output takes the verdicts that have come since")
        } else {
            var set = try set(in: folder.url)
            try await addPairs(style(named), &set)
            tell(set.report)
            try set.finish()
        }

        let source = try PackedSource(TokenFile(path: path), length: length, seed: options.settings.seed)
        let heldOutFile = try TokenFile(path: heldOutPath)
        let heldOut: [any TrainingSource] =
            heldOutFile.summary.tokenCount > 0
            ? [try PackedSource(heldOutFile, length: length, seed: options.settings.seed)] : []
        let windows = min(options.settings.sequences, source.windowsPerEpoch)
        let steps =
            options.steps
            ?? max(1, Int((options.epochs * Double(source.windowsPerEpoch) / Double(windows)).rounded(.up)))
        let rate = options.settings.rate ?? (options.full ? 1e-4 : 5e-4)
        let plan = options.settings.plan(
            [
                TrainingStage(
                    name: "", steps: steps,
                    rates: LearningRates(rate: rate, matrixRate: options.settings.matrixRate), length: length,
                    weights: [])
            ], windowsPerStep: windows)
        let trained = try Trained(options, network, located, on: compute)
        options.settings.setDropout(of: trained.network)
        let optimizer = try options.settings.optimizer(trained.parameters, on: compute)
        let progress =
            try folder.hasCheckpoint
            ? TrainingCheckpoint.load(folder.checkpoint, into: optimizer, source: source.fingerprint, on: compute) : nil
        Console.note(
            "\(trained.parameters.count.grouped) \(options.full ? "" : "adapter ")parameters, \(steps.grouped) \(steps == 1 ? "step" : "steps") of "
                + "\(counted(windows, "window")) of \(length), \(counted(options.settings.threadCount, "thread"))")
        if let progress { Console.note("goes on after step \(progress.step.grouped)") }
        let trainer = Trainer(
            trained.network, optimizer, source: source, heldOut: heldOut, plan: plan, progress: progress)
        let session = TrainingSession(
            folder: folder, optimizer: optimizer, plan: plan, heldOutNames: heldOut.isEmpty ? [] : ["dev"]
        ) { moment, _ in
            try trained.write(to: moment == .best ? folder.best : folder.url)
        }
        let outcome = try session.run(trainer, until: stop)
        try TrainingEnd(
            progress: trainer.progress, stepCount: steps, folder: folder, output: output,
            what: options.full ? "the model" : "the adapter", asJSON: options.json
        ).tell(outcome)
    }

    private func tell(_ report: TuningSetWriter.Report) {
        var text = "\(counted(report.training, "pair")) to learn, \(report.heldOut.grouped) held out"
        if report.tooLong > 0 { text += ", \(report.tooLong.grouped) left out as longer than \(length) tokens" }
        if report.empty > 0 { text += ", \(report.empty.grouped) left out without an output" }
        Console.note(text)
    }
}

/// What is trained and how it's written: an adapter beside a frozen model, or all of it.
private struct Trained {
    let parameters: ParameterSet
    let network: TrainingNetwork
    private let model: ModelFolder?
    private let adapter: AdapterFolder?

    init(
        _ options: TuningOptions, _ configuration: GPTJConfiguration, _ located: LocatedModel, on compute: Compute
    ) throws {
        let base = try Checkpoint.open(folder: located.folder)
        let memory: TrainingNetwork.Memory = options.settings.recompute ? .recomputed : .kept
        let precision = try options.settings.checkedPrecision()
        if let form = options.form {
            let adapter = AdapterParameters(form, for: configuration, seed: options.settings.seed)
            parameters = adapter.parameters
            network = try TrainingNetwork(
                configuration, base: base, training: adapter, memory: memory, precision: precision, on: compute)
            self.adapter = AdapterFolder(
                form, dropout: options.settings.dropout, baseModel: located.folder.path,
                type: (options.store ?? .f32).type)
            model = nil
        } else {
            parameters = try ParameterSet(configuration, checkpoint: base, on: compute)
            network = try TrainingNetwork(
                configuration, training: parameters, memory: memory, precision: precision, on: compute)
            adapter = nil
            model = ModelFolder(configuration, type: (options.store ?? .f16).type, tokenizer: located.folder)
        }
    }

    func write(to folder: URL) throws {
        let failures = try adapter?.write(parameters, to: folder) ?? model?.write(parameters, to: folder) ?? 0
        if failures > 0 {
            Console.note(
                "nightshift: \(failures.grouped) weights are too large for how they are stored; --store f32 holds them")
        }
    }
}
