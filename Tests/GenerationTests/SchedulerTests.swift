import Generation
import TestSupport
import Testing
import Tokenization

@Suite("Scheduler")
struct SchedulerTests {
    private func model(capacity: Int = 4096, context: Int = 200) -> ScriptedModel {
        ScriptedModel(vocabularySize: 50, contextLength: context, tokenCapacity: capacity)
    }

    /// A request with random prompt and parameters.
    private func request(_ random: inout SplitMix64) -> GenerationRequest {
        var parameters = DecodingParameters(maxNewTokens: Int.random(in: 1...40, using: &random))
        if Bool.random(using: &random) {
            parameters.beamCount = Int.random(in: 2...5, using: &random)
            parameters.sequenceCount = Int.random(in: 1...parameters.beamCount, using: &random)
            parameters.lengthPenalty = Double.random(in: -1...2, using: &random)
            parameters.earlyStopping = [.atOnce, .heuristic, .never].randomElement(using: &random) ?? .never
            parameters.noRepeatNgramSize = Bool.random(using: &random) ? 2 : nil
        } else if Bool.random(using: &random) {
            parameters.doSample = true
            parameters.sequenceCount = Int.random(in: 1...3, using: &random)
        }
        parameters.temperature = Double.random(in: 0.5...1.5, using: &random)
        parameters.topK = Bool.random(using: &random) ? 20 : nil
        parameters.topP = Bool.random(using: &random) ? 0.9 : nil
        parameters.repetitionPenalty = Bool.random(using: &random) ? 1.2 : nil
        parameters.seed = random.next()
        parameters.endTokens = Bool.random(using: &random) ? [7, 9] : []
        let length = Int.random(in: 1...60, using: &random)
        let prompt = (0..<length).map { _ in TokenID.random(in: 0..<50, using: &random) }
        return GenerationRequest(prompt: prompt, parameters: parameters, topLogprobs: 2)
    }

    private func finish(_ scheduler: Scheduler) -> [RequestID: Result<GenerationOutput, GenerationError>] {
        var results: [RequestID: Result<GenerationOutput, GenerationError>] = [:]
        while scheduler.hasWork {
            for case .finished(let id, let result) in scheduler.step() { results[id] = result }
        }
        return results
    }

    private func alone(_ request: GenerationRequest) throws -> GenerationOutput {
        let scheduler = Scheduler(model: model(), tokenizer: nil)
        let id = try scheduler.add(request)
        return try #require(finish(scheduler)[id]).get()
    }

    @Test("a request gives the same tokens alone and in any company", arguments: 0..<12)
    func batchDoesNotMatter(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let limits = SchedulerLimits(
            rows: Int.random(in: 1...9, using: &random), tokensPerStep: Int.random(in: 1...70, using: &random))
        let model = model(capacity: Int.random(in: 320...800, using: &random))
        let scheduler = Scheduler(model: model, tokenizer: nil, limits: limits)
        var requests: [RequestID: GenerationRequest] = [:]
        var results: [RequestID: Result<GenerationOutput, GenerationError>] = [:]
        for _ in 0..<25 {
            let request = request(&random)
            requests[try scheduler.add(request)] = request
            // Others are on their way when the next one comes.
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                for case .finished(let id, let result) in scheduler.step() { results[id] = result }
            }
        }
        results.merge(finish(scheduler)) { $1 }
        #expect(results.count == 25)
        for (id, request) in requests {
            let together = try #require(results[id]).get()
            let alone = try alone(request)
            #expect(together.all.count == request.parameters.sequenceCount)
            #expect(together.all.map(\.tokens) == alone.all.map(\.tokens))
            #expect(together.all.map(\.tokenLogprobs) == alone.all.map(\.tokenLogprobs))
            #expect(together.all.map(\.topLogprobs) == alone.all.map(\.topLogprobs))
            #expect(together.all.map(\.finishReason) == alone.all.map(\.finishReason))
            #expect(together.all.map(\.sequenceScore) == alone.all.map(\.sequenceScore))
        }
        #expect(model.stepSizes.allSatisfy { $0 <= limits.tokensPerStep })
        scheduler.dropPrefixes()
        #expect(model.tokensInUse == 0, "every page was given back")
    }

    @Test("greedy takes the likeliest token at each step")
    func greedy() throws {
        let model = model()
        let output = try alone(GenerationRequest(prompt: [1, 2, 3], parameters: DecodingParameters(maxNewTokens: 5)))
        var tokens: [TokenID] = [1, 2, 3]
        let sequence = model.openSequence()
        var fed = 0
        for token in output.tokens {
            let step = SequenceStep(sequence: sequence, tokens: Array(tokens[fed...]), output: .last)
            let row = try model.step([step]).row(0)
            fed = tokens.count
            #expect(row[row.startIndex + Int(token)] == row.max())
            tokens.append(token)
        }
        #expect(output.finishReason == .length)
        #expect(output.promptTokens == 3)
    }

    @Test("an end token ends the text and is the last of its tokens")
    func endToken() throws {
        let free = try alone(GenerationRequest(prompt: [5], parameters: DecodingParameters(maxNewTokens: 30)))
        var parameters = DecodingParameters(maxNewTokens: 30)
        parameters.endTokens = [free.tokens[10]]
        let ended = try alone(GenerationRequest(prompt: [5], parameters: parameters))
        let first = try #require(free.tokens.firstIndex(of: free.tokens[10]))
        #expect(ended.tokens == Array(free.tokens[...first]))
        #expect(ended.finishReason == .stop)
    }

    @Test("a cancelled request ends with what it has, running or waiting")
    func cancellation() throws {
        let scheduler = Scheduler(model: model(), tokenizer: nil, limits: SchedulerLimits(rows: 1))
        let parameters = DecodingParameters(maxNewTokens: 50)
        let running = try scheduler.add(GenerationRequest(prompt: [1], parameters: parameters))
        let waiting = try scheduler.add(GenerationRequest(prompt: [2], parameters: parameters))
        for _ in 0..<3 { _ = scheduler.step() }
        for (id, count) in [(running, 3), (waiting, 0)] {
            guard case .finished(_, .success(let output)) = scheduler.cancel(id) else {
                Issue.record("nothing was cancelled")
                continue
            }
            #expect(output.finishReason == .cancelled)
            #expect(output.tokens.count == count)
        }
        #expect(!scheduler.hasWork)
        #expect(scheduler.cancel(running) == nil, "what has ended can't be cancelled")
    }

    @Test("a request that can't fit is refused with numbers")
    func refusals() throws {
        let scheduler = Scheduler(model: model(capacity: 64, context: 100), tokenizer: nil)
        func error(prompt: Int, new: Int) -> GenerationError? {
            #expect(throws: GenerationError.self) {
                try scheduler.add(
                    GenerationRequest(
                        prompt: Array(repeating: 1, count: prompt), parameters: DecodingParameters(maxNewTokens: new)))
            }
        }
        #expect(error(prompt: 90, new: 11) == .contextExceeded(promptTokens: 90, maxNewTokens: 11, contextLength: 100))
        #expect(
            error(prompt: 90, new: .max)
                == .contextExceeded(
                    promptTokens: 90, maxNewTokens: .max, contextLength: 100))
        #expect(error(prompt: 60, new: 10) == .memoryExceeded(tokens: 72, capacity: 64))
        #expect(error(prompt: 0, new: 1) == .emptyPrompt)
        #expect(error(prompt: 1, new: 0) == .parameter(name: "max_new_tokens", value: "0", allowed: "at least 1"))
        #expect(throws: GenerationError.tokenOutOfRange(token: 50, vocabularySize: 50)) {
            try scheduler.add(GenerationRequest(prompt: [50], parameters: DecodingParameters(maxNewTokens: 1)))
        }
        #expect(!scheduler.hasWork)
    }

    @Test("durations come from the clock that was passed in")
    func durations() throws {
        let start = ContinuousClock().now
        nonisolated(unsafe) var seconds = 0
        let model = ScriptedModel(
            vocabularySize: 50, contextLength: 100, tokenCapacity: 100, beforeStep: { seconds += 1 })
        let scheduler = Scheduler(
            model: model, tokenizer: nil, limits: SchedulerLimits(rows: 1, tokensPerStep: 10),
            now: { start.advanced(by: .seconds(seconds)) })
        let id = try scheduler.add(
            GenerationRequest(
                prompt: Array(repeating: 3, count: 25), parameters: DecodingParameters(maxNewTokens: 4)))
        let output = try #require(finish(scheduler)[id]).get()
        #expect(output.promptDuration == .seconds(3), "25 tokens in steps of 10")
        #expect(output.generateDuration == .seconds(3), "the 3 tokens after the first")
    }
}
