import Foundation
import GPTJ
import Generation
import TestSupport
import Testing
import Tokenization

/// What HuggingFace's `generate` was asked for, as far as this engine has it.
struct GoldenParameters: Decodable {
    let maxNewTokens: Int
    let minNewTokens, topK, noRepeatNgramSize, numBeams, numReturnSequences: Int?
    let doSample: Bool?
    let temperature, topP, minP, typicalP, repetitionPenalty, lengthPenalty: Double?
    let earlyStopping: EarlyStopping?
    let eosTokenId: TokenList?

    struct TokenList: Decodable {
        let tokens: Set<TokenID>
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            tokens = Set(try (try? [container.decode(TokenID.self)]) ?? container.decode([TokenID].self))
        }
    }

    /// true, false or "never".
    struct EarlyStopping: Decodable {
        let value: DecodingParameters.EarlyStopping
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                value = flag ? .atOnce : .heuristic
            } else {
                let word = try container.decode(String.self)
                try #require(word == "never")
                value = .never
            }
        }
    }

    var decoding: DecodingParameters {
        var result = DecodingParameters(maxNewTokens: maxNewTokens)
        result.minNewTokens = minNewTokens ?? 0
        result.doSample = doSample ?? false
        result.temperature = temperature
        result.topK = topK
        result.topP = topP
        result.minP = minP
        result.typicalP = typicalP
        result.repetitionPenalty = repetitionPenalty
        result.noRepeatNgramSize = noRepeatNgramSize
        result.endTokens = eosTokenId?.tokens ?? []
        result.beamCount = numBeams ?? 1
        result.sequenceCount = numReturnSequences ?? 1
        result.lengthPenalty = lengthPenalty ?? 1
        result.earlyStopping = earlyStopping?.value ?? .heuristic
        return result
    }
}

@Suite("Decoding", .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
struct DecodingTests {
    struct GenerationCase: Decodable {
        struct Result: Decodable {
            let newTokens: [TokenID]
            let finish: String
            let tokenLogprobs: [Double]
            let sequenceScore: Double?
        }
        let id: String
        let prompts: [[TokenID]]
        let params: GoldenParameters
        let results: [Result]
    }

    @Test("greedy and beam continuations equal HuggingFace's, all cases in one batch", arguments: GoldenModel.all)
    func continuations(_ golden: GoldenModel) throws {
        struct File: Decodable {
            let weights: String
            let cases: [GenerationCase]
        }
        let file = try golden.decode(File.self, "golden/generation.json")
        let checkpoint = try #require(try golden.checkpoints.first { $0.weights == file.weights })
        let scheduler = Scheduler(
            model: try golden.load(checkpoint.dir, threads: 2, tokenCapacity: 20_000), tokenizer: nil,
            limits: SchedulerLimits(rows: 16, tokensPerStep: 100))
        var expected: [RequestID: (name: String, results: [GenerationCase.Result])] = [:]
        for generation in file.cases {
            let parameters = generation.params.decoding
            for (index, prompt) in generation.prompts.enumerated() {
                let id = try scheduler.add(GenerationRequest(prompt: prompt, parameters: parameters))
                let results = generation.results.dropFirst(index * parameters.sequenceCount)
                expected[id] = (generation.id, Array(results.prefix(parameters.sequenceCount)))
            }
        }
        #expect(file.cases.contains { $0.params.numBeams == nil } && file.cases.contains { $0.params.numBeams != nil })
        var finished = 0
        while scheduler.hasWork {
            for case .finished(let id, let outcome) in scheduler.step() {
                let output = try outcome.get()
                let (name, results) = try #require(expected[id])
                finished += 1
                #expect(output.all.map(\.tokens) == results.map(\.newTokens), "\(name)")
                for (found, result) in zip(output.all, results) { compare(found, result, name) }
            }
        }
        #expect(finished == expected.count)
    }

    private func compare(_ found: GenerationOutput, _ expected: GenerationCase.Result, _ name: String) {
        #expect(found.finishReason == (expected.finish == "eos" ? .stop : .length), "\(name)")
        for (found, expected) in zip(found.tokenLogprobs, expected.tokenLogprobs) {
            #expect(abs(found - expected) <= 1e-3, "\(name)")
        }
        #expect((found.sequenceScore == nil) == (expected.sequenceScore == nil), "\(name)")
        if let found = found.sequenceScore, let expected = expected.sequenceScore {
            #expect(abs(found - expected) <= 1e-3 * max(1, abs(expected)), "\(name)")
        }
    }

    @Test("what the sampler draws from equals HuggingFace's distributions", arguments: GoldenModel.all)
    func distributions(_ golden: GoldenModel) throws {
        struct File: Decodable {
            struct Case: Decodable {
                let id, file: String
                let prompt, continuation: [TokenID]
                let params: GoldenParameters
                let keptCounts: [Int]
            }
            let weights: String
            let cases: [Case]
        }
        let file = try golden.decode(File.self, "golden/sampling.json")
        let checkpoint = try #require(try golden.checkpoints.first { $0.weights == file.weights })
        let model = try golden.load(checkpoint.dir)
        let size = model.vocabularySize
        for sampling in file.cases {
            let expected = try golden.floats("golden/\(sampling.file)")
            let sampler = Sampler(sampling.params.decoding, tokenCount: size)
            let logits = try model.allLogits(sampling.prompt + sampling.continuation)
            for step in sampling.continuation.indices {
                let tokens = sampling.prompt + sampling.continuation[..<step]
                let row = logits[(tokens.count - 1) * size..<tokens.count * size]
                let found = try sampler.distribution(row, tokens: tokens, generated: step)
                let reference = expected[step * size..<(step + 1) * size].map(Double.init)
                #expect(zip(found, reference).allSatisfy { abs($0 - $1) <= 1e-3 }, "\(sampling.id), step \(step)")
                let kept = found.indices.filter { found[$0] > 0 }
                // A kept token may be less likely than the smallest float.
                #expect(
                    kept.count == sampling.keptCounts[step] || kept == reference.indices.filter { reference[$0] > 0 },
                    "\(sampling.id), step \(step): \(kept.count) kept, \(sampling.keptCounts[step]) expected")
            }
        }
    }
}
