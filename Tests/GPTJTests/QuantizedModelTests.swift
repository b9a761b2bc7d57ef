import Foundation
import GPTJ
import Generation
import Kernels
import ModelFiles
import TestSupport
import Testing
import Tokenization

@Suite("Quantized models")
struct QuantizedModelTests {
    private func model(_ folder: URL, _ quantization: Quantization, threads: Int) throws -> GPTJModel {
        let compute = Compute(threads: threads, instructionSet: InstructionSet.available[0])
        let weights = try GPTJWeights(
            configuration: GPTJConfiguration(folder: folder), checkpoint: Checkpoint.open(folder: folder)
        ).quantized(to: quantization, on: compute)
        #expect(weights.quantization == quantization)
        return GPTJModel(weights: weights, compute: compute, tokenCapacity: 8192)
    }

    @Test(
        "logits have the same bits in any chunks and with any number of threads", arguments: Quantization.allCases)
    func chunks(_ quantization: Quantization) throws {
        let folder = Repository.referenceModel
        let tokens = (0..<120).map { TokenID($0 * 37 % 4000) }
        let whole = try model(folder, quantization, threads: 1).allLogits(tokens).map(\.bitPattern)
        let two = try model(folder, quantization, threads: 2)
        for chunk in [1, 5, 7, 31, 49, 64] {
            #expect(try two.allLogits(tokens, chunk: chunk).map(\.bitPattern) == whole, "chunks of \(chunk)")
        }
    }

    @Test("a sequence's logits have the same bits alone and in any batch", arguments: Quantization.allCases)
    func batches(_ quantization: Quantization) throws {
        let model = try model(Repository.referenceModel, quantization, threads: 2)
        var random = SplitMix64(seed: 21)
        for _ in 0..<6 {
            let prompts = (0..<Int.random(in: 2...9, using: &random)).map { _ in
                (0..<Int.random(in: 1...70, using: &random)).map { _ in TokenID.random(in: 16..<4096, using: &random) }
            }
            let sequences = prompts.map { _ in model.openSequence() }
            defer { for sequence in sequences { model.closeSequence(sequence) } }
            let logits = try model.step(
                zip(sequences, prompts).map { SequenceStep(sequence: $0, tokens: $1, output: .last) })
            for (index, prompt) in prompts.enumerated() {
                let alone = try model.allLogits(prompt).suffix(model.vocabularySize).map(\.bitPattern)
                #expect(logits.row(index).map(\.bitPattern) == alone, "sequence \(index) of \(prompts.count)")
            }
        }
    }

    @Test(
        "perplexity on held-out text stays within its budget",
        .enabled(if: SharedFiles.areAvailable, "needs the held-out text in shared/"),
        arguments: [(Quantization.int8, 0.005), (.int4, 0.03)])
    func perplexity(_ quantization: Quantization, _ budget: Double) throws {
        let folder = try #require(SharedFiles.folder).appending(path: "models/reference-small")
        let ids = try JSONDecoder().decode(
            [TokenID].self, from: Data(contentsOf: folder.appending(path: "heldout_ids.json")))
        let model = try model(folder, quantization, threads: 2)
        var sum = 0.0
        let windows = stride(from: 0, to: ids.count, by: 500).map { Array(ids[$0..<$0 + 500]) }
        for window in windows {
            let logits = try model.allLogits(Array(window.dropLast()))
            for (position, token) in window.dropFirst().enumerated() {
                let start = position * model.vocabularySize
                sum -= LogProbabilities.of(token, in: logits[start..<start + model.vocabularySize])
            }
        }
        // The mean that the model's own description tells, computed with transformers in f32.
        let change = exp(sum / Double(windows.count * 499) - 4.432096) - 1
        #expect(change <= budget, "perplexity changes by \(change * 100) %")
    }
}
