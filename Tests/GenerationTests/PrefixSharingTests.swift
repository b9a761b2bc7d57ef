import Generation
import TestSupport
import Testing
import Tokenization

@Suite("Shared prefixes")
struct PrefixSharingTests {
    private static let pageLength = 8

    private func model(capacity: Int = 100_000) -> ScriptedModel {
        ScriptedModel(
            vocabularySize: 50, contextLength: 400, tokenCapacity: capacity, pageLength: Self.pageLength)
    }

    private func tokens(_ count: Int, _ random: inout SplitMix64) -> [TokenID] {
        (0..<count).map { _ in TokenID.random(in: 0..<50, using: &random) }
    }

    /// Prompts as jobs have them: a header for all, one of a few documents, a question.
    private func prompts(_ count: Int, _ random: inout SplitMix64) -> [[TokenID]] {
        let header = tokens(Int.random(in: 0...40, using: &random), &random)
        let documents = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            tokens(Int.random(in: 0...90, using: &random), &random)
        }
        return (0..<count).map { _ in
            header + (documents.randomElement(using: &random) ?? [])
                + tokens(Int.random(in: 1...20, using: &random), &random)
        }
    }

    private func parameters(_ random: inout SplitMix64) -> DecodingParameters {
        var parameters = DecodingParameters(maxNewTokens: Int.random(in: 1...20, using: &random))
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            parameters.beamCount = Int.random(in: 2...4, using: &random)
        case 1:
            parameters.doSample = true
            parameters.sequenceCount = Int.random(in: 1...3, using: &random)
            parameters.seed = random.next()
        default: break
        }
        parameters.endTokens = Bool.random(using: &random) ? [7, 9] : []
        return parameters
    }

    /// Steps until nothing is left; complains of a step that does nothing.
    private func finish(
        _ scheduler: Scheduler, _ model: ScriptedModel
    ) -> [RequestID: Result<GenerationOutput, GenerationError>] {
        var results: [RequestID: Result<GenerationOutput, GenerationError>] = [:]
        while scheduler.hasWork {
            let steps = model.stepSizes.count
            for case .finished(let id, let result) in scheduler.step() { results[id] = result }
            let hasFailed = results.values.contains { (try? $0.get()) == nil }
            guard hasFailed || model.stepSizes.count > steps, model.stepSizes.last ?? 1 > 0 else {
                Issue.record("requests are left, and none of them goes on")
                break
            }
        }
        return results
    }

    private func tokensFed(to model: ScriptedModel) -> Int { model.stepSizes.reduce(0, +) }

    private func alone(_ request: GenerationRequest) throws -> GenerationOutput {
        let model = model()
        let scheduler = Scheduler(model: model, tokenizer: nil, limits: SchedulerLimits(sharesPrefixes: false))
        let id = try scheduler.add(request)
        return try #require(finish(scheduler, model)[id]).get()
    }

    /// Distinct beginnings of prompts, each of whole pages, without the last token of any.
    private func distinctBlocks(of prompts: [[TokenID]]) -> Int {
        var blocks: Set<[TokenID]> = []
        for prompt in prompts {
            for count in stride(from: Self.pageLength, through: prompt.count - 1, by: Self.pageLength) {
                blocks.insert(Array(prompt.prefix(count)))
            }
        }
        return blocks.count
    }

    @Test("of requests that come together and begin alike, no token is read twice", arguments: 0..<30)
    func readOnce(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let model = model()
        let scheduler = Scheduler(
            model: model, tokenizer: nil,
            limits: SchedulerLimits(
                rows: Int.random(in: 1...12, using: &random), tokensPerStep: Int.random(in: 1...100, using: &random),
                looksAhead: false))
        let prompts = prompts(Int.random(in: 1...20, using: &random), &random)
        var decoded = 0
        for prompt in prompts {
            let count = Int.random(in: 1...9, using: &random)
            // The last token that is generated isn't fed.
            decoded += count - 1
            _ = try scheduler.add(
                GenerationRequest(prompt: prompt, parameters: DecodingParameters(maxNewTokens: count)))
            for _ in 0..<Int.random(in: 0...2, using: &random) { _ = scheduler.step() }
        }
        _ = finish(scheduler, model)
        let own = prompts.reduce(0) { sum, prompt in
            sum + prompt.count - (prompt.count - 1) / Self.pageLength * Self.pageLength
        }
        let read = tokensFed(to: model) - decoded
        #expect(read == distinctBlocks(of: prompts) * Self.pageLength + own)
        #expect(model.tokensInUse == distinctBlocks(of: prompts) * Self.pageLength, "what was read is kept")
        scheduler.dropPrefixes()
        #expect(model.tokensInUse == 0, "and given back when asked")
    }

    @Test("cached tokens and those that were read are all tokens of the prompts", arguments: 0..<10)
    func cachedTokens(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let model = model()
        let scheduler = Scheduler(
            model: model, tokenizer: nil, limits: SchedulerLimits(rows: 6, tokensPerStep: 30))
        let prompts = prompts(12, &random)
        for prompt in prompts {
            _ = try scheduler.add(
                GenerationRequest(prompt: prompt, parameters: DecodingParameters(maxNewTokens: 1)))
        }
        let outputs = try finish(scheduler, model).values.map { try $0.get() }
        #expect(outputs.reduce(0) { $0 + $1.promptTokens } == prompts.reduce(0) { $0 + $1.count })
        let read = outputs.reduce(0) { $0 + $1.promptTokens - $1.cachedTokens }
        #expect(read == tokensFed(to: model))
        #expect(outputs.allSatisfy { $0.cachedTokens < $0.promptTokens && $0.cachedTokens % Self.pageLength == 0 })
    }

    @Test("a later request finds what an earlier one has read, all of its texts say so")
    func laterRequests() throws {
        var random = SplitMix64(seed: 1)
        let model = model()
        let scheduler = Scheduler(model: model, tokenizer: nil)
        let document = tokens(100, &random)
        var parameters = DecodingParameters(maxNewTokens: 3)
        parameters.beamCount = 3
        parameters.sequenceCount = 2
        for (question, cached) in [(1, 0), (2, 96), (3, 96)] as [(TokenID, Int)] {
            let id = try scheduler.add(GenerationRequest(prompt: document + [question], parameters: parameters))
            let output = try #require(finish(scheduler, model)[id]).get()
            #expect(output.all.map(\.cachedTokens) == [cached, cached])
        }
    }

    @Test("without sharing every prompt is read whole, and nothing is kept")
    func sharingTurnedOff() throws {
        var random = SplitMix64(seed: 2)
        let model = model()
        let scheduler = Scheduler(model: model, tokenizer: nil, limits: SchedulerLimits(sharesPrefixes: false))
        let prompt = tokens(100, &random)
        for _ in 0..<3 {
            _ = try scheduler.add(GenerationRequest(prompt: prompt, parameters: DecodingParameters(maxNewTokens: 1)))
        }
        #expect(try finish(scheduler, model).values.allSatisfy { try $0.get().cachedTokens == 0 })
        #expect(model.stepSizes == [300])
        #expect(model.tokensInUse == 0)
    }

    @Test("while one reads a document for others, the rest of the batch goes on")
    func othersGoOn() throws {
        var random = SplitMix64(seed: 3)
        let model = model()
        let scheduler = Scheduler(
            model: model, tokenizer: nil, limits: SchedulerLimits(rows: 8, tokensPerStep: 20, looksAhead: false))
        let writing = try scheduler.add(
            GenerationRequest(prompt: [1], parameters: DecodingParameters(maxNewTokens: 40)))
        _ = scheduler.step()
        let document = tokens(200, &random)
        for question in 0..<4 {
            _ = try scheduler.add(
                GenerationRequest(
                    prompt: document + [TokenID(question)], parameters: DecodingParameters(maxNewTokens: 1)))
        }
        for _ in 0..<10 {
            let events = scheduler.step()
            let isWriting = events.contains { if case .token(writing, _, _) = $0 { true } else { false } }
            #expect(isWriting, "a row that decodes gets a token at each step")
            #expect(model.stepSizes.last == 20, "and the prompt has the rest of the step")
        }
        _ = finish(scheduler, model)
        // The prompt of one token and 39 that follow it, the document and the questions.
        #expect(tokensFed(to: model) == 244)
    }

    @Test("when the one that reads is cancelled, another takes over", arguments: [1, 5, 13])
    func takeover(stepsBefore: Int) throws {
        var random = SplitMix64(seed: 4)
        let model = model()
        let scheduler = Scheduler(model: model, tokenizer: nil, limits: SchedulerLimits(tokensPerStep: 7))
        let document = tokens(100, &random)
        let requests = (0..<3).map {
            GenerationRequest(prompt: document + [TokenID($0)], parameters: DecodingParameters(maxNewTokens: 4))
        }
        let ids = try requests.map(scheduler.add)
        for _ in 0..<stepsBefore { _ = scheduler.step() }
        #expect(scheduler.cancel(ids[0]) != nil)
        let results = finish(scheduler, model)
        #expect(results.count == 2)
        for (id, request) in zip(ids, requests).dropFirst() {
            #expect(try #require(results[id]).get().tokens == alone(request).tokens)
        }
        // 96 are shared, each has 5 of its prompt and 3 of its text for itself, and of a page that wasn't finished 7 at
        // most are lost.
        #expect(tokensFed(to: model) <= 127)
        scheduler.dropPrefixes()
        #expect(model.tokensInUse == 0)
    }

    @Test("when the step fails in which one reads, another takes over", arguments: [1, 4, 12])
    func takeoverAfterFailure(stepThatFails: Int) throws {
        var random = SplitMix64(seed: 6)
        let model = FailingModel(model(), failsAtStep: stepThatFails)
        let scheduler = Scheduler(model: model, tokenizer: nil, limits: SchedulerLimits(tokensPerStep: 7))
        let document = tokens(100, &random)
        let requests = (0..<3).map {
            GenerationRequest(prompt: document + [TokenID($0)], parameters: DecodingParameters(maxNewTokens: 4))
        }
        let ids = try requests.map(scheduler.add)
        let results = finish(scheduler, model.model)
        #expect(throws: GenerationError.self) { try results[ids[0]]?.get() }
        for (id, request) in zip(ids, requests).dropFirst() {
            #expect(try #require(results[id]).get().tokens == alone(request).tokens)
        }
        scheduler.dropPrefixes()
        #expect(model.tokensInUse == 0)
    }

    @Test(
        "in little memory, with beams and cancellations, no step fails and each text is what it would be alone",
        arguments: 0..<30)
    func littleMemory(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let requests = prompts(25, &random).map { GenerationRequest(prompt: $0, parameters: parameters(&random)) }
        // Room for the largest alone, and not for many more.
        let largest = requests.map { request in
            let pages = (request.prompt.count + request.parameters.maxNewTokens) / Self.pageLength + 1
            let own = pages - request.prompt.count / Self.pageLength
            let width = max(request.parameters.beamCount, request.parameters.sequenceCount)
            return (pages + (width - 1) * own + width / 2) * Self.pageLength
        }
        let model = model(capacity: (largest.max() ?? 0) + Int.random(in: 0...200, using: &random))
        let scheduler = Scheduler(
            model: model, tokenizer: nil,
            limits: SchedulerLimits(
                rows: Int.random(in: 1...10, using: &random), tokensPerStep: Int.random(in: 1...80, using: &random),
                overtakings: Int.random(in: 0...10, using: &random)))
        var expected: [RequestID: GenerationRequest] = [:]
        var results: [RequestID: Result<GenerationOutput, GenerationError>] = [:]
        func step() {
            for case .finished(let id, let result) in scheduler.step() { results[id] = result }
            #expect(model.tokensInUse <= model.tokenCapacity)
        }
        for request in requests {
            expected[try scheduler.add(request)] = request
            for _ in 0..<Int.random(in: 0...6, using: &random) { step() }
            if Int.random(in: 0..<4, using: &random) == 0, let id = expected.keys.randomElement(using: &random),
                scheduler.cancel(id) != nil
            {
                expected[id] = nil
            }
            if Int.random(in: 0..<10, using: &random) == 0 { scheduler.dropPrefixes() }
        }
        results.merge(finish(scheduler, model)) { $1 }
        for (id, request) in expected {
            let together = try #require(results[id]).get()
            let alone = try alone(request)
            #expect(together.all.map(\.tokens) == alone.all.map(\.tokens))
            #expect(together.all.map(\.tokenLogprobs) == alone.all.map(\.tokenLogprobs))
            #expect(together.all.map(\.sequenceScore) == alone.all.map(\.sequenceScore))
        }
        scheduler.dropPrefixes()
        #expect(model.tokensInUse == 0, "every page was given back")
    }

    @Test("shared pages count once: requests on one document run together where there is room for one and a bit")
    func sharedPagesCountOnce() throws {
        var random = SplitMix64(seed: 5)
        // 20 pages of document and 1 for each question with its answer.
        let model = model(capacity: 26 * Self.pageLength)
        let scheduler = Scheduler(model: model, tokenizer: nil, limits: SchedulerLimits(looksAhead: false))
        let document = tokens(160, &random)
        for question in 0..<6 {
            _ = try scheduler.add(
                GenerationRequest(
                    prompt: document + [TokenID(question)], parameters: DecodingParameters(maxNewTokens: 7)))
        }
        _ = finish(scheduler, model)
        #expect(model.stepSizes == [161, 6, 6, 6, 6, 6, 6, 5])
    }
}

/// A model that refuses one step.
private final class FailingModel: LanguageModel {
    struct Refusal: Error {}

    let model: ScriptedModel
    private var stepsLeft: Int

    init(_ model: ScriptedModel, failsAtStep step: Int) {
        self.model = model
        stepsLeft = step
    }

    var vocabularySize: Int { model.vocabularySize }
    var contextLength: Int { model.contextLength }
    var tokenCapacity: Int { model.tokenCapacity }
    var tokensInUse: Int { model.tokensInUse }
    var pageLength: Int { model.pageLength }

    func openSequence() -> SequenceID { model.openSequence() }
    func forkSequence(_ sequence: SequenceID) -> SequenceID { model.forkSequence(sequence) }
    func forkSequence(_ sequence: SequenceID, prefix tokenCount: Int) -> SequenceID {
        model.forkSequence(sequence, prefix: tokenCount)
    }
    func truncateSequence(_ sequence: SequenceID, to tokenCount: Int) {
        model.truncateSequence(sequence, to: tokenCount)
    }
    func closeSequence(_ sequence: SequenceID) { model.closeSequence(sequence) }
    func length(of sequence: SequenceID) -> Int { model.length(of: sequence) }

    func step(_ steps: [SequenceStep]) throws -> Logits {
        stepsLeft -= 1
        if stepsLeft == 0 { throw Refusal() }
        return try model.step(steps)
    }
}
