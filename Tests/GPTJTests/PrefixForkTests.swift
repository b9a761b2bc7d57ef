import GPTJ
import Generation
import Kernels
import TestSupport
import Testing
import Tokenization

/// What a fork of a prefix promises, of the real model and of its twin.
@Suite("Forks of prefixes")
struct PrefixForkTests {
    private func models() throws -> [any LanguageModel] {
        let json =
            #"{"n_layer": 2, "n_embd": 64, "n_head": 2, "rotary_dim": 8, "n_positions": 300, "vocab_size": 70, "#
            + #""bos_token_id": 0, "eos_token_id": 0}"#
        let configuration = try GPTJConfiguration(json: Array(json.utf8), path: "the test")
        let compute = Compute(threads: 1, instructionSet: InstructionSet.available[0])
        let weights = GPTJWeights(random: configuration, quantization: nil, on: compute)
        return [
            GPTJModel(weights: weights, compute: compute, tokenCapacity: 640),
            GPTJModel(weights: weights, compute: compute, keyValueType: .int8, tokenCapacity: 640),
            ScriptedModel(vocabularySize: 70, contextLength: 300, tokenCapacity: 640, pageLength: 32),
        ]
    }

    private func logits(_ model: any LanguageModel, _ sequence: SequenceID, _ tokens: [TokenID]) throws -> [UInt32] {
        try model.step([SequenceStep(sequence: sequence, tokens: tokens, output: .last)]).values.map(\.bitPattern)
    }

    @Test("a fork of a prefix goes on like a sequence that was given these tokens alone, and the whole one as before")
    func equality() throws {
        var random = SplitMix64(seed: 3)
        let tokens = (0..<100).map { _ in TokenID.random(in: 0..<70, using: &random) }
        for model in try models() {
            let whole = model.openSequence()
            _ = try logits(model, whole, tokens)
            for count in [0, 32, 64, 96] {
                let fork = model.forkSequence(whole, prefix: count)
                #expect(model.length(of: fork) == count)
                let fresh = model.openSequence()
                #expect(
                    try logits(model, fork, [1, 2, 3])
                        == logits(model, fresh, Array(tokens.prefix(count)) + [1, 2, 3]))
                model.closeSequence(fork)
                model.closeSequence(fresh)
            }
            let again = model.openSequence()
            #expect(try logits(model, whole, [5]) == logits(model, again, tokens + [5]))
        }
    }

    @Test("a sequence that was cut goes on as if what was cut had never been there, and gives back its pages")
    func truncation() throws {
        var random = SplitMix64(seed: 4)
        let tokens = (0..<90).map { _ in TokenID.random(in: 0..<70, using: &random) }
        for model in try models() {
            for count in [0, 1, 31, 32, 33, 64, 89, 90] {
                let cut = model.openSequence()
                _ = try logits(model, cut, tokens)
                // A fork holds the same pages, which mustn't change under it.
                let fork = model.forkSequence(cut)
                model.truncateSequence(cut, to: count)
                #expect(model.length(of: cut) == count)
                let fresh = model.openSequence()
                #expect(
                    try logits(model, cut, [1, 2, 3]) == logits(model, fresh, Array(tokens.prefix(count)) + [1, 2, 3]))
                model.closeSequence(fresh)
                model.truncateSequence(cut, to: count)
                model.closeSequence(fork)
                #expect(model.tokensInUse == (count + 31) / 32 * 32)
                model.closeSequence(cut)
                let whole = model.openSequence()
                _ = try logits(model, whole, tokens)
                let other = model.forkSequence(whole)
                model.truncateSequence(other, to: count)
                _ = try logits(model, other, [9])
                let again = model.openSequence()
                #expect(try logits(model, whole, [5]) == logits(model, again, tokens + [5]))
                for sequence in [whole, other, again] { model.closeSequence(sequence) }
            }
        }
    }

    @Test("prefixes share all their pages; closing the longest that is left gives back its last one")
    func pages() throws {
        for model in try models() {
            let whole = model.openSequence()
            _ = try logits(model, whole, Array(repeating: 7, count: 100))
            #expect(model.tokensInUse == 128)
            var prefixes = [32, 64, 96].map { model.forkSequence(whole, prefix: $0) }
            #expect(model.tokensInUse == 128)
            model.closeSequence(whole)
            for left in [96, 64, 32] {
                #expect(model.tokensInUse == left)
                model.closeSequence(prefixes.removeLast())
            }
            #expect(model.tokensInUse == 0)
        }
    }
}
