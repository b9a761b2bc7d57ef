import Foundation
import GPTJ
import Kernels
import ModelFiles
import TestSupport
import Tokenization
import Training

/// HuggingFace's values for one model: losses, gradients and parameters after five steps of AdamW.
struct GoldenTraining {
    static let names = ["a-rot8", "d-tied"]

    struct Batch: Decodable { let inputIds, labelsFull, labelsMasked: [[Int]] }
    struct Variant: Decodable { let loss, gradNorm: Double, gradMaxAbs: Float }
    struct Step: Decodable { let lossBeforeStep, gradNormBeforeClip, lossAfterLastStep: Double? }
    struct Run: Decodable { let labels: String, steps: [Step] }
    struct AdapterRun: Decodable { let loss: Double, steps: [Step] }
    struct Variants: Decodable {
        let full, masked: Variant
        let adamwAllDecayed, adamwMaskedMatricesDecayed: Run
        let loraMasked: AdapterRun
    }
    struct Summary: Decodable { let variants: Variants }

    let name: String
    let configuration: GPTJConfiguration
    let base: Checkpoint
    let inputs: Batch
    let summary: Summary

    init(_ name: String) throws {
        self.name = name
        let folder = SharedFiles.golden("models/\(name)/checkpoints/st-f32")
        configuration = try GPTJConfiguration(folder: folder)
        base = try Checkpoint.open(folder: folder)
        func decode<Value: Decodable>(_ file: String) throws -> Value {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(
                Value.self, from: Data(contentsOf: SharedFiles.golden("train/\(name)/\(file)")))
        }
        inputs = try decode("batch.json")
        summary = try decode("summary.json")
    }

    /// The batch with the labels called `full` or `masked`.
    func batch(_ labels: String) -> TrainingBatch {
        let labels = labels == "full" ? inputs.labelsFull : inputs.labelsMasked
        return TrainingBatch(
            zip(inputs.inputIds, labels).map { tokens, labels in
                // Position t predicts label t + 1.
                let weights = labels.dropFirst().map { $0 == -100 ? Float(0) : 1 } + [0]
                return TrainingBatch.Sequence(tokens: tokens.map { TokenID($0) }, weights: weights)
            })
    }

    func file(_ path: String) throws -> Checkpoint {
        try Checkpoint.open(file: SharedFiles.golden("train/\(name)/\(path)"))
    }
}
