import Foundation
import GPTJ
import Generation
import TestSupport
import Testing
import Tokenization

/// What HuggingFace's `generate` was asked for, as far as this engine has it.
struct GoldenParameters: Decodable {
    let maxNewTokens: Int
    let minNewTokens, topK, noRepeatNgramSize, numBeams: Int?
    let doSample: Bool?
    let temperature, topP, minP, typicalP, repetitionPenalty: Double?
    let eosTokenId: TokenList?

    struct TokenList: Decodable {
        let tokens: Set<TokenID>
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            tokens = Set(try (try? [container.decode(TokenID.self)]) ?? container.decode([TokenID].self))
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
        }
        let id: String
        let prompts: [[TokenID]]
        let params: GoldenParameters
        let results: [Result]
    }

    @Test("greedy continuations equal HuggingFace's, all cases in one batch", arguments: GoldenModel.all)
    func greedy(_ golden: GoldenModel) throws {
        struct File: Decodable {
            let weights: String
            let cases: [GenerationCase]
        }
        let file = try golden.decode(File.self, "golden/generation.json")
        let checkpoint = try #require(try golden.checkpoints.first { $0.weights == file.weights })
        let scheduler = Scheduler(
            model: try golden.load(checkpoint.dir, threads: 2, tokenCapacity: 20_000), tokenizer: nil,
            limits: SchedulerLimits(rows: 16, tokensPerStep: 100))
        var expected: [RequestID: (name: String, result: GenerationCase.Result)] = [:]
        for generation in file.cases where generation.params.numBeams == nil {
            for (prompt, result) in zip(generation.prompts, generation.results) {
                let id = try scheduler.add(
                    GenerationRequest(prompt: prompt, parameters: generation.params.decoding))
                expected[id] = (generation.id, result)
            }
        }
        #expect(!expected.isEmpty)
        var finished = 0
        while scheduler.hasWork {
            for case .finished(let id, let outcome) in scheduler.step() {
                let output = try outcome.get()
                let (name, result) = try #require(expected[id])
                finished += 1
                #expect(output.tokens == result.newTokens, "\(name)")
                #expect(output.finishReason == (result.finish == "eos" ? .stop : .length), "\(name)")
                for (found, expected) in zip(output.tokenLogprobs, result.tokenLogprobs) {
                    #expect(abs(found - expected) <= 1e-3, "\(name)")
                }
            }
        }
        #expect(finished == expected.count)
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
