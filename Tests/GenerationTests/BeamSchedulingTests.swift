import Generation
import Testing
import Tokenization

@Suite("Requests of several texts")
struct BeamSchedulingTests {
    private func model(capacity: Int = 4096, vocabulary: Int = 50) -> ScriptedModel {
        ScriptedModel(vocabularySize: vocabulary, contextLength: 200, tokenCapacity: capacity)
    }

    private func request(
        prompt: [TokenID] = [1, 2, 3], beams: Int, maxNewTokens: Int, sequences: Int = 1,
        _ change: (inout DecodingParameters) -> Void = { _ in }
    ) -> GenerationRequest {
        var parameters = DecodingParameters(maxNewTokens: maxNewTokens)
        parameters.beamCount = beams
        parameters.sequenceCount = sequences
        change(&parameters)
        return GenerationRequest(prompt: prompt, parameters: parameters)
    }

    private func run(
        _ request: GenerationRequest, _ model: ScriptedModel, tokensPerStep: Int = 512
    ) throws -> GenerationOutput {
        let scheduler = Scheduler(
            model: model, tokenizer: nil, limits: SchedulerLimits(tokensPerStep: tokensPerStep))
        _ = try scheduler.add(request)
        while scheduler.hasWork {
            for case .finished(_, let result) in scheduler.step() {
                scheduler.dropPrefixes()
                #expect(model.tokensInUse == 0, "every page was given back")
                return try result.get()
            }
        }
        throw GenerationError.model("nothing finished")
    }

    /// Log-probabilities after the tokens, from a model of one's own.
    private func logprobs(after tokens: [TokenID]) throws -> [Double] {
        let model = model()
        let row = try model.step([SequenceStep(sequence: model.openSequence(), tokens: tokens, output: .last)]).row(0)
        return (0..<50).map { LogProbabilities.of(TokenID($0), in: row) }
    }

    @Test("with a beam for each token, the best of all texts of two tokens are found")
    func exhaustive() throws {
        let output = try run(request(beams: 50, maxNewTokens: 2, sequences: 3), model())
        var all: [(tokens: [TokenID], logprobs: [Double])] = []
        let first = try logprobs(after: [1, 2, 3])
        for a in 0..<50 {
            let second = try logprobs(after: [1, 2, 3, TokenID(a)])
            for b in 0..<50 { all.append(([TokenID(a), TokenID(b)], [first[a], second[b]])) }
        }
        all.sort { $0.logprobs.reduce(0, +) > $1.logprobs.reduce(0, +) }
        #expect(output.all.map(\.tokens) == all.prefix(3).map(\.tokens))
        for (found, expected) in zip(output.all, all) {
            let score = try #require(found.sequenceScore)
            #expect(abs(score - expected.logprobs.reduce(0, +) / 2) < 1e-6)
            #expect(zip(found.tokenLogprobs, expected.logprobs).allSatisfy { abs($0 - $1) < 1e-6 })
            #expect(found.finishReason == .length)
            #expect(found.promptTokens == 3)
        }
    }

    @Test("a search finds the same texts however its beams are spread over steps")
    func spread() throws {
        let request = request(beams: 5, maxNewTokens: 12, sequences: 5) { $0.endTokens = [4, 5, 6] }
        let expected = try run(request, model())
        for tokensPerStep in 1...4 {
            let found = try run(request, model(), tokensPerStep: tokensPerStep)
            #expect(found.all.map(\.tokens) == expected.all.map(\.tokens))
            #expect(found.all.map(\.sequenceScore) == expected.all.map(\.sequenceScore))
        }
    }

    @Test("the prompt is read once, whatever the number of texts")
    func promptOnce() throws {
        let prompt = (0..<40).map { TokenID($0) }
        for change in [
            { $0.beamCount = 4 },
            {
                $0.sequenceCount = 4
                $0.doSample = true
            },
        ]
            as [(inout DecodingParameters) -> Void]
        {
            let model = model()
            _ = try run(request(prompt: prompt, beams: 1, maxNewTokens: 5, change), model)
            #expect(model.stepSizes == [40, 4, 4, 4, 4])
        }
    }

    @Test(
        "several draws are those that each would be alone, however they are spread over steps", arguments: [1, 2, 512])
    func draws(tokensPerStep: Int) throws {
        let request = request(beams: 1, maxNewTokens: 20, sequences: 5) {
            $0.doSample = true
            $0.seed = 3
            $0.endTokens = [4, 5, 6, 7, 8]
        }
        let together = try run(request, model(), tokensPerStep: tokensPerStep)
        #expect(together.others.count == 4)
        for (index, output) in together.all.enumerated() {
            var alone = request
            alone.parameters = request.parameters.draw(index)
            let expected = try run(alone, model())
            #expect(output.tokens == expected.tokens)
            #expect(output.tokenLogprobs == expected.tokenLogprobs)
            #expect(output.finishReason == expected.finishReason)
        }
        #expect(Set(together.all.map(\.tokens)).count == 5)
        #expect(Set(together.all.map(\.tokens.count)).count > 1, "they end at different times")
    }

    @Test("what was reserved is enough for the worst, and no beam more is taken on")
    func reservations() throws {
        for (prompt, new, beams) in [(3, 4, 2), (3, 4, 5), (8, 8, 4), (15, 30, 3), (1, 100, 6), (7, 1, 9)] {
            let shared = prompt / 8
            let pages = shared + beams * ((prompt + new + 7) / 8 - shared) + beams / 2
            let request = request(
                prompt: (0..<prompt).map { TokenID($0) }, beams: beams, maxNewTokens: new)
            _ = try run(request, model(capacity: pages * 8))
            #expect(throws: GenerationError.memoryExceeded(tokens: pages * 8, capacity: (pages - 1) * 8)) {
                try Scheduler(model: model(capacity: (pages - 1) * 8), tokenizer: nil).add(request)
            }
        }
    }

    @Test("a cancelled search ends with the best it has, and gives back every page")
    func cancellation() throws {
        let model = model()
        // Beams wait for each other: three tokens a step for four beams.
        let scheduler = Scheduler(model: model, tokenizer: nil, limits: SchedulerLimits(rows: 8, tokensPerStep: 3))
        let id = try scheduler.add(request(beams: 4, maxNewTokens: 50, sequences: 2))
        for _ in 0..<6 { _ = scheduler.step() }
        guard case .finished(_, .success(let output)) = scheduler.cancel(id) else {
            Issue.record("nothing was cancelled")
            return
        }
        #expect(output.all.count == 2)
        #expect(output.all.allSatisfy { $0.finishReason == .cancelled && $0.tokens.count > 1 })
        #expect(model.tokensInUse == 0)
        #expect(!scheduler.hasWork)
    }

    @Test("a request of more beams than rows runs, alone")
    func wide() throws {
        let model = model()
        let scheduler = Scheduler(model: model, tokenizer: nil, limits: SchedulerLimits(rows: 2, looksAhead: false))
        _ = try scheduler.add(request(beams: 5, maxNewTokens: 4))
        _ = try scheduler.add(request(beams: 1, maxNewTokens: 4))
        var finished: [RequestID] = []
        while scheduler.hasWork {
            for case .finished(let id, let result) in scheduler.step() {
                _ = try result.get()
                finished.append(id)
            }
        }
        #expect(finished.map(\.rawValue) == [0, 1])
        #expect(model.stepSizes == [3, 5, 5, 5, 3, 1, 1, 1])
    }

    @Test("a search tells how far it is, and its text at the end only")
    func events() throws {
        let scheduler = Scheduler(model: model(), tokenizer: nil)
        _ = try scheduler.add(request(beams: 3, maxNewTokens: 4))
        var counts: [Int] = []
        while scheduler.hasWork {
            for case .token(_, let text, let count) in scheduler.step() {
                #expect(text.isEmpty)
                counts.append(count)
            }
        }
        #expect(counts == [1, 2, 3])
    }

    @Test("a search that is left without tokens says so")
    func nothingLeft() {
        #expect(throws: GenerationError.noTokenLeft(position: 4)) {
            try run(request(beams: 2, maxNewTokens: 4) { $0.suppressedTokens = Set(0..<50) }, model())
        }
    }

    @Test("parameters that don't go together are refused")
    func refusals() {
        func error(_ change: (inout DecodingParameters) -> Void) -> String? {
            let error = #expect(throws: GenerationError.self) {
                try run(request(beams: 1, maxNewTokens: 4, change), model())
            }
            return error?.description
        }
        #expect(error { $0.beamCount = 0 } == "num_beams is 0; allowed: 1 to 1024")
        #expect(
            error {
                $0.beamCount = 2
                $0.doSample = true
            } == "num_beams is 2; allowed: 1 with do_sample")
        #expect(
            error {
                $0.beamCount = 2
                $0.sequenceCount = 3
            }
                == "num_return_sequences is 3; allowed: 1 to num_beams, 2")
        #expect(error { $0.sequenceCount = 2 }?.contains("greedy decoding has one answer") == true)
        #expect(error { $0.lengthPenalty = .nan } == "length_penalty is nan; allowed: -32 to 32")
        #expect(error { $0.epsilonCutoff = 1 } == "epsilon_cutoff is 1.0; allowed: at least 0, below 1")
        #expect(error { $0.etaCutoff = -0.1 } == "eta_cutoff is -0.1; allowed: at least 0, below 1")
        #expect(error { $0.badWords = [[1], []] } == "bad_words_ids is []; allowed: sequences of at least one token")
        #expect(error { $0.badWords = [[1, 50]] } == "token 50 isn't in the vocabulary; ids run from 0 to 49")
        #expect(error { $0.suppressedTokens = [-1] } == "token -1 isn't in the vocabulary; ids run from 0 to 49")
        #expect(error { $0.endTokens = [-1] } == "token -1 isn't in the vocabulary; ids run from 0 to 49")
    }
}
