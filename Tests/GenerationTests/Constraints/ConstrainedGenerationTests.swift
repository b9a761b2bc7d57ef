import Foundation
import Generation
import JSONText
import TestSupport
import Testing
import Tokenization

@Suite("Constrained generation")
struct ConstrainedGenerationTests {
    private func model(seed: Int = 0) -> ScriptedModel {
        // More rows than tokens, as GPT-J has.
        ScriptedModel(
            vocabularySize: ByteTokenizer.vocabularySize + 5, contextLength: 600, tokenCapacity: 8192,
            seed: UInt64(seed))
    }

    private func request(
        _ constraint: JSONValue, maxNewTokens: Int = 300, stopStrings: [String] = [],
        _ change: (inout DecodingParameters) -> Void = { _ in }
    ) throws -> GenerationRequest {
        var parameters = DecodingParameters(maxNewTokens: maxNewTokens)
        parameters.endTokens = [ByteTokenizer.endToken]
        change(&parameters)
        return GenerationRequest(
            prompt: [1, 2, 3], parameters: parameters, stopStrings: stopStrings, constraint: try Constraint(constraint))
    }

    private func run(
        _ request: GenerationRequest, _ model: ScriptedModel, tokensPerStep: Int = 512, looksAhead: Bool = true
    ) throws -> GenerationOutput {
        let scheduler = Scheduler(
            model: model, tokenizer: try ByteTokenizer.make(),
            limits: SchedulerLimits(tokensPerStep: tokensPerStep, looksAhead: looksAhead))
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

    /// Greedy, drawn or searched, with whatever else forbids tokens.
    private func randomize(_ parameters: inout DecodingParameters, _ random: inout SplitMix64) {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: break
        case 1:
            parameters.doSample = true
            parameters.temperature = 2
            parameters.topK = Bool.random(using: &random) ? 5 : nil
            parameters.sequenceCount = Int.random(in: 1...3, using: &random)
        default:
            parameters.beamCount = Int.random(in: 2...4, using: &random)
            parameters.sequenceCount = Int.random(in: 1...2, using: &random)
        }
        parameters.seed = random.next()
        parameters.noRepeatNgramSize = Bool.random(using: &random) ? 1 : nil
        parameters.repetitionPenalty = Bool.random(using: &random) ? 1.5 : nil
        parameters.minNewTokens = Int.random(in: 0...5, using: &random)
        parameters.endTokens = Bool.random(using: &random) ? [ByteTokenizer.endToken] : []
        if Bool.random(using: &random) { parameters.suppressedTokens = [256, 257, 258] }
    }

    @Test("every finished text of a random pattern matches it, whatever else is asked for", arguments: 0..<80)
    func patterns(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let pattern = "x" + RandomPattern.make(&random, depth: 4)
        let request = try request(["regex": .string(pattern)], maxNewTokens: 60) { randomize(&$0, &random) }
        let output = try run(request, model(seed: seed))
        let other = try NSRegularExpression(pattern: "\\A(?:\(pattern))\\z")
        for output in output.all {
            let range = NSRange(output.text.startIndex..., in: output.text)
            let isMatch = other.firstMatch(in: output.text, range: range) != nil
            #expect(isMatch == output.meetsConstraint, "\(pattern): '\(output.text)'")
            #expect(isMatch || output.finishReason == .length)
            #expect(output.tokens.dropLast().allSatisfy { $0 < ByteTokenizer.endToken })
            #expect(output.tokenLogprobs.count == output.tokens.count)
        }
    }

    @Test("every finished text of a random schema is valid by it, whatever else is asked for", arguments: 0..<80)
    func schemas(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let schema = RandomSchema.make(&random, depth: 2)
        let request = try request(["json": schema]) { randomize(&$0, &random) }
        for output in try run(request, model(seed: seed)).all where output.finishReason != .length {
            #expect(output.meetsConstraint == true)
            let value = try JSONParser.parse(output.text)
            #expect(RandomSchema.isValid(value, by: schema), "\(schema.text): \(output.text)")
        }
    }

    @Test("every finished text of any JSON is JSON by another reader", arguments: 0..<30)
    func anyJSON(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        for output in try run(try request("json") { randomize(&$0, &random) }, model(seed: seed)).all
        where output.finishReason != .length {
            #expect(output.meetsConstraint == true)
            #expect(throws: Never.self, "\(output.text)") {
                try JSONSerialization.jsonObject(with: Data(output.text.utf8), options: .fragmentsAllowed)
            }
        }
    }

    @Test("a text ends where nothing may follow, and end tokens come just where it may end")
    func endings() throws {
        let exact = try run(try request(["regex": "abc"]), model())
        #expect(exact.text == "abc")
        #expect(exact.finishReason == .stop)
        #expect(!exact.tokens.contains(ByteTokenizer.endToken))
        for seed in 0..<20 {
            let open = try run(
                try request(["regex": "(abc)+"], maxNewTokens: 500) {
                    $0.doSample = true
                    $0.seed = UInt64(seed)
                }, model())
            #expect(open.finishReason == .stop)
            #expect(open.tokens.last == ByteTokenizer.endToken)
            #expect(!open.text.isEmpty && open.text.utf8.count % 3 == 0)
        }
    }

    @Test("a text that's cut off says whether it meets the constraint", arguments: [(5, false), (6, true), (7, false)])
    func length(_ count: Int, _ isComplete: Bool) throws {
        let request = try request(["regex": "(zw)*"], maxNewTokens: count) { $0.endTokens = [] }
        let output = try run(request, model())
        #expect(output.finishReason == .length)
        #expect(output.tokens.count == count)
        #expect(output.meetsConstraint == isComplete)
    }

    @Test("a stop string ends a text, which then says whether it meets the constraint")
    func stopStrings() throws {
        let inside = try run(try request(["regex": "(ab)+!cd"], stopStrings: ["cd"]), model())
        #expect(inside.finishReason == .stop)
        #expect(inside.text.hasSuffix("!") && inside.meetsConstraint == false)
        let behind = try run(
            try request(["regex": "ab(!cd)?x?"], stopStrings: ["!c"]) { $0.endTokens = [] }, model(seed: 3))
        #expect(behind.text == "ab" || behind.text == "abx")
        #expect(behind.meetsConstraint == true)
    }

    @Test("end tokens wait for the least number of tokens where the constraint lets them")
    func minimum() throws {
        for seed in 0..<10 {
            let request = try request(["regex": "[pq]{1,20}"]) { $0.minNewTokens = 9 }
            let output = try run(request, model(seed: seed))
            #expect(output.tokens.count >= 9 && output.meetsConstraint == true)
        }
        let short = try run(try request(["choices": ["ab"]]) { $0.minNewTokens = 9 }, model())
        #expect(short.text == "ab", "no text is longer than the constraint allows")
    }

    @Test("tokens without a choice are fed in one step, and their log-probabilities are the model's")
    func forced() throws {
        let text = "name: {\"abc\": \"name name name\"} no"
        let model = model()
        var request = try request(["choices": [.string(text)]])
        request.topLogprobs = 2
        let output = try run(request, model)
        let tokens = try ByteTokenizer.make().encode(text)
        #expect(output.text == text)
        #expect(output.tokens == tokens)
        #expect(model.stepSizes == [3, tokens.count - 1], "the prompt, then all that something follows")
        let whole = self.model()
        let logits = try whole.step([
            SequenceStep(sequence: whole.openSequence(), tokens: [1, 2, 3] + tokens, output: .all)
        ])
        for (index, token) in tokens.enumerated() {
            #expect(output.tokenLogprobs[index] == LogProbabilities.of(token, in: logits.row(index + 2)))
            #expect(output.topLogprobs[index] == LogProbabilities.alternatives(2, in: logits.row(index + 2)))
        }
    }

    @Test("steps of any size give the same text", arguments: 0..<10)
    func chunks(_ seed: Int) throws {
        let schema: JSONValue = [
            "json": [
                "properties": ["name name name": ["enum": ["no", "yes"]], "abc abc abc": ["type": "boolean"]],
                "required": ["name name name", "abc abc abc"],
            ]
        ]
        let request = try request(schema) {
            $0.doSample = true
            $0.seed = UInt64(seed)
        }
        let large = try run(request, model())
        let (few, many) = (model(), model())
        let small = try run(request, few, tokensPerStep: 2)
        _ = try run(request, many)
        #expect(small.tokens == large.tokens && small.tokenLogprobs == large.tokenLogprobs)
        #expect(many.stepSizes.count < large.tokens.count, "some tokens needed no step of their own")
    }

    @Test("guesses change neither a constrained text nor its log-probabilities")
    func guesses() throws {
        var guessed = 0
        for seed in 0..<20 {
            var request = try request(["regex": "[ab]{60}(no)?"]) {
                $0.doSample = seed % 2 == 1
                $0.seed = UInt64(seed)
            }
            request.topLogprobs = 3
            let plain = try run(request, model(seed: seed), looksAhead: false)
            let found = try run(request, model(seed: seed))
            #expect(found.tokens == plain.tokens && found.text == plain.text)
            #expect(found.tokenLogprobs == plain.tokenLogprobs && found.topLogprobs == plain.topLogprobs)
            #expect(found.meetsConstraint == true && plain.guessedTokens == 0)
            guessed += found.guessedTokens
        }
        #expect(guessed > 0, "a text of two letters repeats itself")
    }

    @Test("a row of the head without a token is never produced, whatever is asked for", arguments: 0..<40)
    func rowsBeyondTheVocabulary(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let constraints: [JSONValue] = [
            ["choices": ["name: yes", "name: no"]], ["regex": ".{1,40}"], "json", ["regex": "(abc)+"],
        ]
        // Half of all rows, so that one of them would soon be the likeliest.
        let size = 2 * ByteTokenizer.vocabularySize
        let model = ScriptedModel(vocabularySize: size, contextLength: 600, tokenCapacity: 8192, seed: random.next())
        var request = try request(constraints[seed % 4], maxNewTokens: 40) { randomize(&$0, &random) }
        if seed % 8 < 4 { request.constraint = nil }
        request.prompt = (0..<60).map { _ in TokenID(Int.random(in: 0..<8, using: &random) * (size - 1) / 7) }
        for output in try run(request, model).all {
            #expect(!output.tokens.isEmpty)
            #expect(output.tokens.allSatisfy { $0 < ByteTokenizer.vocabularySize })
        }
    }

    @Test("a request with a constraint gives the same in any company")
    func company() throws {
        let sources: [JSONValue] = [
            ["choices": ["yes yes", "no no"]], ["regex": "[a-c]{3,9}x"], "json",
            ["json": ["type": "array", "maxItems": 3]],
        ]
        var requests: [GenerationRequest] = []
        for (index, source) in sources.enumerated() {
            for beams in [1, 3] {
                requests.append(try request(source, maxNewTokens: 40) { $0.beamCount = beams })
                requests[requests.count - 1].prompt = (0...index).map { TokenID($0) }
            }
        }
        let scheduler = Scheduler(
            model: model(), tokenizer: try ByteTokenizer.make(), limits: SchedulerLimits(rows: 5, tokensPerStep: 7))
        var ids: [RequestID: GenerationRequest] = [:]
        for request in requests { ids[try scheduler.add(request)] = request }
        while scheduler.hasWork {
            for case .finished(let id, let result) in scheduler.step() {
                let alone = try run(try #require(ids[id]), model())
                #expect(try result.get().tokens == alone.tokens)
                #expect(try result.get().tokenLogprobs == alone.tokenLogprobs)
            }
        }
    }

    @Test("a beam search returns different texts, not one in different tokens")
    func spellings() throws {
        let request = try request(["choices": ["yes", "no", "abc"]]) {
            $0.beamCount = 4
            $0.sequenceCount = 3
        }
        let output = try run(request, model())
        #expect(Set(output.all.map(\.text)) == ["yes", "no", "abc"])
    }

    @Test("a model without a tokenizer, or with one that lacks bytes, refuses constraints")
    func refused() throws {
        let request = try request("json")
        let without = Scheduler(model: model(), tokenizer: nil)
        #expect(throws: GenerationError.self) { try without.add(request) }
        let small = try Tokenizer(
            TokenizerDefinition(
                vocabulary: [.init(content: Array("a".utf8), id: 0)], merges: [], addedTokens: [],
                sources: .init(vocabulary: "v", merges: "m", addedTokens: "a")))
        let lacking = Scheduler(model: model(), tokenizer: small)
        #expect(throws: GenerationError.self) { try lacking.add(request) }
    }
}
