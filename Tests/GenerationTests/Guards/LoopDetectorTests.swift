import Generation
import TestSupport
import Testing
import Tokenization

@Suite("Loops")
struct LoopDetectorTests {
    /// Tokens until a loop is noticed; `nil` if none is.
    private func end(_ tokens: [TokenID], repeats: Int) -> Int? {
        var detector = LoopDetector(repeats: repeats)
        return tokens.firstIndex { detector.append($0) }.map { $0 + 1 }
    }

    @Test(
        "a cycle is noticed once it stands there often enough and takes up 32 tokens",
        arguments: [(1, 4, 32), (2, 4, 32), (8, 4, 32), (9, 4, 36), (64, 2, 128), (10, 6, 60)])
    func cycles(_ length: Int, _ repeats: Int, _ expected: Int) {
        let cycle = (0..<length).map { TokenID($0) }
        let start: [TokenID] = [100, 101, 102]
        let tokens = start + (0..<60).flatMap { _ in cycle }
        #expect(end(tokens, repeats: repeats) == start.count + expected)
    }

    @Test("what isn't repeated, or in too long a cycle, or with a difference, is no loop")
    func others() {
        #expect(end((0..<500).map { TokenID($0) }, repeats: 2) == nil)
        #expect(end((0..<650).map { TokenID($0 % 65) }, repeats: 2) == nil)
        #expect(end((0..<300).map { $0 % 31 == 30 ? TokenID($0) : 5 }, repeats: 2) == nil)
        #expect(end((0..<31).map { _ in 5 }, repeats: 2) == nil)
    }

    @Test("a text is found to loop where a plain search finds it", arguments: 0..<30)
    func search(_ seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let cycle = (0..<Int.random(in: 1...20, using: &random)).map { _ in TokenID.random(in: 0...2, using: &random) }
        var tokens = (0..<Int.random(in: 0...40, using: &random)).map { _ in TokenID.random(in: 0...2, using: &random) }
        for _ in 0..<20 { tokens += cycle }
        let repeats = Int.random(in: 2...5, using: &random)
        let expected = (1...tokens.count).first { count in
            (1...LoopDetector.longestCycle).contains { length in
                let needed = max(repeats * length, LoopDetector.shortestLoop)
                return needed <= count
                    && (count - needed + length..<count).allSatisfy { tokens[$0] == tokens[$0 - length] }
            }
        }
        #expect(end(tokens, repeats: repeats) == expected)
    }

    @Test("a text that loops ends and says so; without the guard it goes on to its last token")
    func generation() throws {
        // A penalty below 1 makes what was said likelier, until nothing else is.
        func output(_ repeats: Int) throws -> GenerationOutput {
            var parameters = DecodingParameters(maxNewTokens: 150)
            parameters.repetitionPenalty = 0.01
            parameters.suppressedTokens = Set(5..<50)
            parameters.maxCycleRepeats = repeats
            let model = ConstantModel()
            let scheduler = Scheduler(model: model, tokenizer: nil)
            _ = try scheduler.add(GenerationRequest(prompt: [1], parameters: parameters))
            while scheduler.hasWork {
                for case .finished(_, let result) in scheduler.step() { return try result.get() }
            }
            throw GenerationError.model("nothing finished")
        }
        let guarded = try output(4)
        #expect(guarded.stoppedBy == .repetition)
        #expect(guarded.finishReason == .stop)
        #expect(guarded.tokens.count == LoopDetector.shortestLoop)
        let free = try output(0)
        #expect(free.stoppedBy == nil)
        #expect(free.finishReason == .length)
        #expect(free.tokens.count == 150)
    }
}
