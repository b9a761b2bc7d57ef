import GPTJ
import Generation
import Kernels
import TestSupport
import Testing
import Tokenization

/// An engine's answers may depend on how numbers are held; on nothing else.
@Suite("Determinism")
struct DeterminismTests {
    /// How the engine holds its numbers.
    struct Form: CustomTestStringConvertible, Sendable {
        let weights: Quantization?
        let keyValues: KeyValueType

        static let all = ([nil] + Quantization.allCases).flatMap { weights in
            KeyValueType.allCases.map { Form(weights: weights, keyValues: $0) }
        }

        var testDescription: String { "\(weights?.rawValue ?? "f32") weights, \(keyValues) keys and values" }

        func model(_ configuration: GPTJConfiguration, threads: Int, tokenCapacity: Int) -> GPTJModel {
            let compute = Compute(threads: threads, instructionSet: InstructionSet.available[0])
            return GPTJModel(
                weights: GPTJWeights(random: configuration, quantization: weights, on: compute), compute: compute,
                keyValueType: keyValues, tokenCapacity: tokenCapacity)
        }
    }

    /// Two that are the same at each run and one that never is; a failed test names it.
    static let seeds = [1, 2, UInt64.random(in: .min ... .max)]

    private static let vocabularySize = 301

    private func configuration() throws -> GPTJConfiguration {
        let json = """
            {"n_layer": 2, "n_embd": 96, "n_head": 3, "rotary_dim": 16, "n_positions": 400,
             "vocab_size": \(Self.vocabularySize), "bos_token_id": 0, "eos_token_id": 0}
            """
        return try GPTJConfiguration(json: Array(json.utf8), path: "the test")
    }

    /// No adapter, one of some modules, one of all, and two at once.
    private static func mixes(_ configuration: GPTJConfiguration) -> [AdapterMix] {
        let compute = Compute(threads: 1, instructionSet: InstructionSet.available[0])
        func adapter(_ rank: Int, _ modules: Set<String>, _ seed: UInt64) -> GPTJAdapter {
            GPTJAdapter(random: configuration, rank: rank, modules: modules, seed: seed, bound: 0.2, on: compute)
        }
        let some = adapter(3, ["q_proj", "v_proj"], 1)
        let all = adapter(
            17, ["q_proj", "k_proj", "v_proj", "out_proj", "fc_in", "fc_out", "lm_head", "wte"], 2)
        return [
            .none, AdapterMix([.init(some)]), AdapterMix([.init(all)]), AdapterMix([.init(all, scale: -0.5)]),
            AdapterMix([.init(all), .init(some, scale: 2)]),
        ]
    }

    /// Greedy texts, draws and beams, with and without adapters, over prompts of which many begin alike.
    private func requests(_ random: inout SplitMix64, _ configuration: GPTJConfiguration) -> [GenerationRequest] {
        let mixes = Self.mixes(configuration)
        func tokens(_ range: ClosedRange<Int>) -> [TokenID] {
            (0..<Int.random(in: range, using: &random)).map { _ in
                TokenID.random(in: 1..<TokenID(Self.vocabularySize), using: &random)
            }
        }
        let header = tokens(0...50)
        let documents = [tokens(0...10), tokens(30...100)]
        return (0..<9).map { index in
            var parameters = DecodingParameters(maxNewTokens: Int.random(in: 1...10, using: &random))
            switch index % 3 {
            case 0:
                // What was said becomes likelier, so that texts repeat themselves and guesses come true.
                parameters.maxNewTokens = Int.random(in: 1...40, using: &random)
                parameters.repetitionPenalty = 0.3
            case 1:
                parameters.doSample = true
                parameters.sequenceCount = Int.random(in: 1...3, using: &random)
                parameters.seed = random.next()
                parameters.topP = 0.9
            default:
                parameters.beamCount = Int.random(in: 2...4, using: &random)
                parameters.sequenceCount = 2
            }
            let document = documents.randomElement(using: &random) ?? []
            return GenerationRequest(
                prompt: header + document + tokens(1...40), parameters: parameters, topLogprobs: 3,
                // Two of three without: prompts that begin alike and share no adapter share nothing.
                adapters: index % 3 == 0 ? mixes[index / 3 + 1] : mixes[index % 2 == 0 ? 0 : 4])
        }
    }

    /// Runs requests that come one after the other while others are on their way.
    private func outputs(
        of requests: [GenerationRequest], on model: GPTJModel, _ limits: SchedulerLimits, _ random: inout SplitMix64
    ) throws -> [GenerationOutput] {
        let scheduler = Scheduler(model: model, tokenizer: nil, limits: limits)
        var places: [RequestID: Int] = [:]
        var outputs: [Int: GenerationOutput] = [:]
        func step() throws {
            for case .finished(let id, let result) in scheduler.step() {
                outputs[try #require(places[id])] = try result.get()
            }
        }
        for index in requests.indices.shuffled(using: &random) {
            places[try scheduler.add(requests[index])] = index
            for _ in 0..<Int.random(in: 0...4, using: &random) where scheduler.hasWork { try step() }
        }
        while scheduler.hasWork { try step() }
        scheduler.dropPrefixes()
        #expect(model.tokensInUse == 0)
        return try requests.indices.map { try #require(outputs[$0]) }
    }

    @Test(
        "a request has the same tokens and the same log-probabilities to the last bit, whatever runs beside it and however",
        arguments: Form.all, seeds)
    func compositions(_ form: Form, _ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let configuration = try configuration()
        let requests = requests(&random, configuration)
        let reference = form.model(configuration, threads: 1, tokenCapacity: 4000)
        let expected = try requests.map { request in
            try outputs(
                of: [request], on: reference, SchedulerLimits(sharesPrefixes: false, looksAhead: false), &random)[0]
        }
        var (cached, guessed) = (0, 0)
        for threads in [1, 2] {
            // Once with room for all, once so that they wait for each other and beginnings are forgotten.
            for capacity in [4000, 800] {
                let model = form.model(configuration, threads: threads, tokenCapacity: capacity)
                for tokensPerStep in [1, 7, 64, 512] {
                    for sharesPrefixes in [true, false] {
                        let limits = SchedulerLimits(
                            rows: Int.random(in: 4...24, using: &random), tokensPerStep: tokensPerStep,
                            sharesPrefixes: sharesPrefixes)
                        let found = try outputs(of: requests, on: model, limits, &random)
                        let circumstances: Comment =
                            "seed \(seed), \(threads) threads, \(capacity) tokens of memory, \(limits)"
                        for (found, expected) in zip(found, expected) {
                            #expect(found.all.map(\.tokens) == expected.all.map(\.tokens), circumstances)
                            #expect(found.all.map(\.tokenLogprobs) == expected.all.map(\.tokenLogprobs), circumstances)
                            #expect(found.all.map(\.topLogprobs) == expected.all.map(\.topLogprobs), circumstances)
                            #expect(found.all.map(\.sequenceScore) == expected.all.map(\.sequenceScore), circumstances)
                            cached += found.cachedTokens
                            guessed += found.guessedTokens
                            #expect(sharesPrefixes || found.cachedTokens == 0)
                        }
                    }
                }
            }
        }
        // By chance, for a seed that nobody has seen before.
        guard Self.seeds.prefix(2).contains(seed) else { return }
        #expect(cached > 0, "some prompts begin alike")
        #expect(guessed > 0, "some texts repeat themselves")
    }
}
