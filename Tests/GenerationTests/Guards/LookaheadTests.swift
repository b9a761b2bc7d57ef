import Generation
import TestSupport
import Testing
import Tokenization

@Suite("Looking ahead")
struct LookaheadTests {
    private func run(_ request: GenerationRequest, _ model: any LanguageModel, looksAhead: Bool) throws
        -> GenerationOutput
    {
        // A clock that stands still: only what guesses give counts.
        let time = ContinuousClock.now
        let scheduler = Scheduler(
            model: model, tokenizer: nil, limits: SchedulerLimits(looksAhead: looksAhead), now: { time })
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

    /// What follows two tokens when a model copies a list.
    private func table(copying tokens: [TokenID]) -> [[TokenID]: TokenID] {
        Dictionary(
            (2..<tokens.count).map { (Array(tokens[$0 - 2..<$0]), tokens[$0]) }, uniquingKeysWith: { first, _ in first }
        )
    }

    @Test("a text that repeats its prompt takes a fraction of the steps, and has the same tokens and log-probabilities")
    func copying() throws {
        let document = (0..<48).map { TokenID(49 - $0) }
        let request = GenerationRequest(
            prompt: document + [49, 48], parameters: DecodingParameters(maxNewTokens: 44), topLogprobs: 2)
        let (plain, guessing) = (
            ConstantModel(table: table(copying: document)), ConstantModel(table: table(copying: document))
        )
        let expected = try run(request, plain, looksAhead: false)
        let found = try run(request, guessing, looksAhead: true)
        #expect(expected.tokens == Array(document[2..<46]))
        #expect(found.tokens == expected.tokens)
        #expect(found.tokenLogprobs == expected.tokenLogprobs)
        #expect(found.topLogprobs == expected.topLogprobs)
        #expect(plain.stepSizes.count == 44)
        #expect(guessing.stepSizes.count < 12)
    }

    @Test("a text is the same with guesses and without, also where they are wrong", arguments: 0..<60)
    func exact(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        // Few tokens, so that much has occurred before and little goes on the same way.
        var table: [[TokenID]: TokenID] = [:]
        for a in TokenID(0)..<4 {
            for b in TokenID(0)..<4 { table[[a, b]] = TokenID.random(in: 0..<4, using: &random) }
        }
        let prompt = (0..<Int.random(in: 1...60, using: &random)).map { _ in TokenID.random(in: 0..<4, using: &random) }
        var parameters = DecodingParameters(maxNewTokens: Int.random(in: 1...80, using: &random))
        parameters.repetitionPenalty = Bool.random(using: &random) ? 3 : nil
        parameters.noRepeatNgramSize = Bool.random(using: &random) ? 3 : nil
        parameters.endTokens = Bool.random(using: &random) ? [3] : []
        parameters.minNewTokens = Bool.random(using: &random) ? parameters.maxNewTokens / 2 : 0
        parameters.maxCycleRepeats = Bool.random(using: &random) ? 3 : 0
        parameters.doSample = Bool.random(using: &random)
        parameters.seed = random.next()
        let request = GenerationRequest(prompt: prompt, parameters: parameters)
        let expected = try run(request, ConstantModel(table: table), looksAhead: false)
        let found = try run(request, ConstantModel(table: table), looksAhead: true)
        #expect(found.tokens == expected.tokens)
        #expect(found.tokenLogprobs == expected.tokenLogprobs)
        #expect(found.finishReason == expected.finishReason)
        #expect(found.stoppedBy == expected.stoppedBy)
    }

    @Test("texts side by side are the same with guesses and without, and take fewer steps")
    func company() throws {
        let document = (0..<48).map { TokenID(49 - $0) }
        let requests = (0..<5).map { index in
            var parameters = DecodingParameters(maxNewTokens: 20 + 4 * index)
            parameters.beamCount = index == 3 ? 2 : 1
            parameters.doSample = index == 4
            parameters.seed = 7
            return GenerationRequest(
                prompt: document + document[3 * index..<3 * index + 2], parameters: parameters, topLogprobs: 2)
        }
        func run(looksAhead: Bool) throws -> (outputs: [RequestID: GenerationOutput], steps: Int) {
            let time = ContinuousClock.now
            let model = ConstantModel(table: table(copying: document))
            let scheduler = Scheduler(
                model: model, tokenizer: nil, limits: SchedulerLimits(looksAhead: looksAhead), now: { time })
            for request in requests { _ = try scheduler.add(request) }
            var outputs: [RequestID: GenerationOutput] = [:]
            while scheduler.hasWork {
                for case .finished(let id, let result) in scheduler.step() { outputs[id] = try result.get() }
            }
            scheduler.dropPrefixes()
            #expect(model.tokensInUse == 0, "every page was given back")
            return (outputs, model.stepSizes.count)
        }
        let (plain, guessing) = (try run(looksAhead: false), try run(looksAhead: true))
        #expect(plain.outputs.count == requests.count)
        for (id, expected) in plain.outputs {
            let found = try #require(guessing.outputs[id])
            #expect(found.tokens == expected.tokens)
            #expect(found.tokenLogprobs == expected.tokenLogprobs)
            #expect(found.topLogprobs == expected.topLogprobs)
            #expect(expected.guessedTokens == 0 && found.rightGuesses <= found.guessedTokens)
        }
        #expect(guessing.outputs.values.contains { $0.rightGuesses > 10 })
        #expect(guessing.steps < plain.steps)
    }

    @Test("guesses stop where they don't come true, and are tried again later")
    func pausing() {
        var lookahead = Lookahead()
        let tokens: [TokenID] = [1, 2, 3, 4, 1, 2]
        #expect(Array(lookahead.guess(after: tokens, limit: 2)) == [3, 4])
        #expect(Array(lookahead.guess(after: tokens, limit: 9)) == [3, 4, 1, 2])
        #expect(lookahead.guess(after: tokens, limit: 0).isEmpty)
        var wrong = 0
        while !lookahead.guess(after: tokens, limit: 4).isEmpty {
            lookahead.note(guessed: 2, right: 0, cost: nil)
            wrong += 1
        }
        #expect((2...10).contains(wrong))
        var steps = 0
        while lookahead.guess(after: tokens, limit: 4).isEmpty {
            lookahead.noteNothing()
            steps += 1
        }
        #expect((8...100).contains(steps))
        #expect(lookahead.total == (2 * wrong, 0))
    }

    @Test("guesses that come true but cost more than they give stop as well")
    func cost() {
        var lookahead = Lookahead()
        let tokens: [TokenID] = [1, 2, 3, 4, 1, 2]
        for _ in 0..<20 { lookahead.note(guessed: 2, right: 2, cost: 1.5) }
        #expect(!lookahead.guess(after: tokens, limit: 4).isEmpty, "two tokens at the price of one and a half")
        for _ in 0..<8 { lookahead.note(guessed: 2, right: 2, cost: 4) }
        #expect(lookahead.guess(after: tokens, limit: 4).isEmpty, "two tokens at the price of four")
    }

    @Test("what a guess costs is measured against plain steps of as many rows")
    func pace() {
        var pace = StepPace()
        #expect(!pace.isKnown(rows: 3))
        for _ in 0..<2 { pace.note(rows: 3, seconds: 0.5) }
        #expect(pace.isKnown(rows: 3) && !pace.isKnown(rows: 2))
        #expect(pace.noteGuesses(rows: 3, seconds: 0.75) == 1.5, "half of a step in which three rows get a token")
        #expect(pace.noteGuesses(rows: 3, seconds: 0.25) == 0)
        #expect(pace.noteGuesses(rows: 2, seconds: 0.75) == nil)
        for _ in 0..<40 { _ = pace.noteGuesses(rows: 3, seconds: 0.75) }
        #expect(!pace.isKnown(rows: 3), "a plain step is due")
        pace.note(rows: 3, seconds: 0.5)
        #expect(pace.isKnown(rows: 3))
        pace.note(rows: 2, seconds: 0.5)
        #expect(!pace.isKnown(rows: 2) && !pace.isKnown(rows: 3))
    }

    @Test("tokens are forgotten with the pages that they took up")
    func truncation() throws {
        let model = ScriptedModel(vocabularySize: 10, contextLength: 100, tokenCapacity: 200, pageLength: 8)
        let sequence = model.openSequence()
        func step(_ tokens: [TokenID]) throws -> [Float] {
            try model.step([SequenceStep(sequence: sequence, tokens: tokens, output: .last)]).values
        }
        let expected = try step([1, 2, 3, 4, 5, 6, 7, 8, 9])
        _ = try step([1, 1, 1, 1, 1, 1, 1, 1, 1])
        #expect(model.tokensInUse == 24)
        model.truncateSequence(sequence, to: 8)
        #expect(model.tokensInUse == 8)
        #expect(try step([9]) == expected)
    }
}
