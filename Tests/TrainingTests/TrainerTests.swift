import Foundation
import GPTJ
import Kernels
import Testing
import Tokenization
import Training

@Suite("Trainings")
struct TrainerTests {
    private static let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])

    private func configuration() throws -> GPTJConfiguration {
        let json = """
            {"model_type": "gptj", "n_layer": 2, "n_embd": 32, "n_head": 2, "rotary_dim": 8, "n_positions": 64,
             "vocab_size": 48, "bos_token_id": 0, "eos_token_id": 0}
            """
        return try GPTJConfiguration(json: Array(json.utf8), path: "config.json")
    }

    /// Texts in which each token follows from the one before: there is something to learn.
    private func makeTokens(at path: String) throws {
        let writer = try TokenFileWriter(path: path, .init(vocabularySize: 48, tokenizer: "none"))
        for start in 0..<40 {
            let tokens = (0..<50).map { TokenID((start + 5 * $0) % 47 + 1) } + [0]
            try writer.append(tokens, weights: tokens.map { _ in 1 }, byteCount: 50)
        }
        try writer.finish()
    }

    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-training-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private struct Run {
        let parameters: ParameterSet
        let optimizer: AdamW
        let trainer: Trainer
    }

    private func start(_ folder: String, from checkpoint: String? = nil) throws -> Run {
        let configuration = try configuration()
        let parameters = ParameterSet(configuration)
        parameters.initialize(seed: 3)
        let network = try TrainingNetwork(configuration, training: parameters, on: Self.compute)
        let optimizer = AdamW(parameters, on: Self.compute)
        let tokens = try TokenFile(path: "\(folder)/tokens")
        let source = try WindowSource(tokens, length: 32, seed: 5)
        let plan = TrainingPlan(
            schedule: LearningRateSchedule(form: .cosine, peak: 1e-2, warmUpSteps: 3, stepCount: 40),
            windowsPerStep: 4, windowsAtOnce: 3, evaluationInterval: 10, checkpointInterval: 15)
        let progress = try checkpoint.map {
            try TrainingCheckpoint.load($0, into: optimizer, source: source.fingerprint, on: Self.compute)
        }
        let trainer = Trainer(
            network, optimizer, source: source, heldOut: [try WindowSource(tokens, length: 32, seed: 6)], plan: plan,
            progress: progress)
        return Run(parameters: parameters, optimizer: optimizer, trainer: trainer)
    }

    @Test("the loss falls, and continuing from a checkpoint comes to the same numbers")
    func continues() throws {
        try inFolder { folder in
            try makeTokens(at: "\(folder)/tokens")
            let whole = try start(folder)
            var losses: [Double] = []
            var evaluations: [Double] = []
            try whole.trainer.run { event in
                switch event {
                case .step(_, let loss, _, _, _): losses.append(loss)
                case .evaluation(_, let losses, _): evaluations += losses
                case .checkpoint(15):
                    try TrainingCheckpoint.save(
                        whole.optimizer, whole.trainer.progress, to: "\(folder)/saved.safetensors")
                case .checkpoint: break
                }
            }
            #expect(losses.count == 40)
            #expect(abs(losses[0] - log(48)) < 0.2, "at first every token is as likely as any other")
            #expect(losses[39] < 0.5 * losses[0])
            #expect(evaluations.count == 4)

            let rest = try start(folder, from: "\(folder)/saved.safetensors")
            #expect(rest.trainer.progress.step == 15)
            #expect(rest.trainer.progress.best?.step == 10)
            var restLosses: [Double] = []
            try rest.trainer.run { event in
                if case .step(_, let loss, _, _, _) = event { restLosses.append(loss) }
            }
            #expect(restLosses == Array(losses[15...]))
            #expect(rest.parameters.values.values == whole.parameters.values.values)
            #expect(rest.trainer.progress == whole.trainer.progress)
        }
    }

    @Test("a checkpoint of other data is refused")
    func otherData() throws {
        try inFolder { folder in
            try makeTokens(at: "\(folder)/tokens")
            let run = try start(folder)
            try TrainingCheckpoint.save(run.optimizer, .init(source: "other data"), to: "\(folder)/saved.safetensors")
            #expect(throws: TrainingError.self) { try start(folder, from: "\(folder)/saved.safetensors") }
        }
    }

    @Test("a file of tokens gives back what was written, and is refused when it's cut off")
    func tokenFile() throws {
        try inFolder { folder in
            let path = "\(folder)/tokens"
            for size in [300, 70_000] {
                let writer = try TokenFileWriter(path: path, .init(vocabularySize: size, tokenizer: "t"))
                try writer.append([1, 2, TokenID(size - 1)], weights: [0, 1, 0.2], byteCount: 9)
                try writer.append([7], weights: [1], byteCount: 1)
                try writer.finish()
                let file = try TokenFile(path: path)
                #expect(file.summary.tokenCount == 4 && file.summary.documentCount == 2 && file.summary.byteCount == 10)
                let window = try file.window(0..<4)
                #expect(window.tokens == [1, 2, TokenID(size - 1), 7])
                // A position's weight is that of the token after it.
                #expect(window.weights == [1, 0.2, 1, 0])
                let bytes = try Data(contentsOf: URL(filePath: path))
                for length in 0..<bytes.count {
                    try bytes.prefix(length).write(to: URL(filePath: path + ".cut"))
                    #expect(throws: TrainingError.self) { try TokenFile(path: path + ".cut") }
                }
            }
        }
    }
}
