import Generation
import JSONText
import TestSupport
import Testing
import Tokenization

@Suite("Generation that quotes")
struct QuotedGenerationTests {
    private let tokenizer: Tokenizer

    init() throws { tokenizer = try ByteTokenizer.make() }

    private func scheduler() -> Scheduler {
        let model = ScriptedModel(
            vocabularySize: ByteTokenizer.vocabularySize + 5, contextLength: 600, tokenCapacity: 16_384)
        return Scheduler(model: model, tokenizer: tokenizer, limits: SchedulerLimits(rows: 12, tokensPerStep: 40))
    }

    private func document(_ random: inout SplitMix64) -> String {
        let parts = [
            "yes ", "no. ", "Abc name.", "é", "xé ", "€ ", "\n", "\n\n", "true, ", "中文。", "12 ", "\"a\" ", "No! ",
            "\u{FFFD}",
        ]
        return "yes " + (0..<30).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
    }

    @Test("whatever is drawn, searched or cut off stands in the document, byte for byte", arguments: 0..<25)
    func verbatim(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let sources: [JSONValue] = ["span", ["span": ["max_words": 3]], "sentences", ["sentences": ["max": 2]]]
        let constraints = try sources.map { try Constraint($0) }
        let scheduler = scheduler()
        var requests: [RequestID: GenerationRequest] = [:]
        for index in 0..<12 {
            var parameters = DecodingParameters(maxNewTokens: Int.random(in: 20...60, using: &random))
            parameters.endTokens = index % 4 == 3 ? [] : [ByteTokenizer.endToken]
            parameters.seed = random.next()
            switch index % 3 {
            case 0: break
            case 1: parameters.doSample = true
            default:
                parameters.beamCount = 3
                parameters.sequenceCount = 2
            }
            let request = GenerationRequest(
                prompt: [TokenID(index)], parameters: parameters, stopStrings: index % 2 == 0 ? ["e,"] : [],
                constraint: constraints[index / 3], document: document(&random))
            // Not every document has a sentence that is short enough.
            if let id = try? scheduler.add(request) { requests[id] = request }
        }
        var quoted = 0
        while scheduler.hasWork {
            for case .finished(let id, let result) in scheduler.step() {
                let document = Array(try #require(requests[id]?.document).utf8)
                for output in try result.get().all {
                    #expect(output.meetsConstraint == !output.quotations.isEmpty)
                    guard output.meetsConstraint == true else { continue }
                    quoted += 1
                    let texts = output.quotations.map { String(validating: document[$0], as: UTF8.self) }
                    #expect(output.text == texts.compactMap(\.self).joined(separator: "\n") && !texts.contains(nil))
                    #expect(!output.text.contains("\u{FFFD}"))
                }
            }
        }
        #expect(quoted >= 6)
    }

    @Test("the beginning of a stop string ends a quotation where the document goes on otherwise")
    func stopTokens() throws {
        // Any token may come: in a hundred draws both ends do.
        var ends: Set<TokenID?> = []
        for seed in 0..<100 {
            var parameters = DecodingParameters(maxNewTokens: 20)
            parameters.endTokens = [ByteTokenizer.endToken]
            parameters.doSample = true
            parameters.seed = UInt64(seed)
            let scheduler = scheduler()
            _ = try scheduler.add(
                GenerationRequest(
                    prompt: [1], parameters: parameters, stopStrings: ["#x"], constraint: try Constraint("span"),
                    document: "no no no"))
            while scheduler.hasWork {
                for case .finished(_, let result) in scheduler.step() {
                    let output = try result.get()
                    #expect(["no", "no no", "no no no"].contains(output.text))
                    #expect(
                        output.hasEndToken
                            == (output.text != "no no no" || output.tokens.last == ByteTokenizer.endToken
                                || output.tokens.last == 0x23))
                    if output.hasEndToken { ends.insert(output.tokens.last) }
                }
            }
        }
        #expect(ends == [ByteTokenizer.endToken, 0x23])
    }

    @Test("a document that can't be quoted is refused, and so is none")
    func refused() throws {
        let scheduler = scheduler()
        for (constraint, document) in [
            ("span", nil), ("span", " "), ("sentences", ""), ("sentences", "Much too long for this."),
        ] {
            let request = GenerationRequest(
                prompt: [1], parameters: DecodingParameters(maxNewTokens: 5),
                constraint: try Constraint(.string(constraint)), document: document)
            #expect(throws: GenerationError.self) { try scheduler.add(request) }
        }
        #expect(!scheduler.hasWork)
    }

    @Test("malformed limits are refused when they're read")
    func malformed() {
        let sources: [JSONValue] = [
            ["span": ["max_words": 0]], ["span": ["max_words": 2, "min_words": 3]], ["span": ["words": 3]], ["span": 3],
            ["sentences": ["max": "x"]], ["sentences": []], ["span": false],
        ]
        for source in sources { #expect(throws: ConstraintError.self) { try Constraint(source) } }
    }
}
