import JSONText
import JobCatalog
import Testing
import Tokenization

@Suite("Built-in definitions")
struct BuiltInJobsTests {
    private let catalog = JobCatalog()
    private let inputs = JobInputs(document: "  The text.\n", question: nil)
    private let answerInputs = JobInputs(document: "The text.\n", question: " Why? ")

    /// Kinds that are held to a form which isn't JSON.
    private static let held: Set = ["answer-quote", "outline", "summarize-quote"]

    @Test("the kinds are there and none is broken")
    func kinds() {
        #expect(
            catalog.kinds == [
                "answer", "answer-quote", "code", "dialogue", "generate", "keywords", "mlperf-summarize", "outline",
                "paraphrase", "quiz", "summarize", "summarize-quote",
            ])
        #expect(catalog.problems.map(\.description) == [])
    }

    @Test(
        "every kind has a prompt for every style, with the document plain and no white space after it",
        arguments: PromptStyle.wellKnown)
    func everyStyle(style: PromptStyle) throws {
        for definition in catalog.all {
            let prompt = try definition.prompt(
                style: style, inputs: definition.inputs[.question] == .required ? answerInputs : inputs)
            let documents = prompt.documentPieces.map { prompt.pieces[$0] }
            let whole = [
                "generate": "  The text.", "code": "  The text.", "mlperf-summarize": "  The text.\n",
                "dialogue": "User: The text.",
            ]
            #expect(documents == [.plain(whole[definition.name] ?? "The text.")])
            #expect(prompt.text.last != " ", "a space after the last label changes the first token")
            let overflow: [String: OverflowPolicy] = [
                "summarize": .mapReduce, "summarize-quote": .mapReduce, "paraphrase": .sections, "answer": .retrieve,
                "answer-quote": .retrieve, "mlperf-summarize": .truncatePrompt, "dialogue": .newestTurns,
            ]
            #expect(prompt.overflow == overflow[definition.name] ?? .refuse)
            #expect(prompt.stopStrings.allSatisfy { !$0.isEmpty })
            #expect(
                (prompt.constraint == nil) == (prompt.outputFormat == .text && !Self.held.contains(definition.name)))
        }
    }

    @Test("each kind names its styles, and what stands in for one is the next of its family")
    func styles() throws {
        #expect(
            try catalog.definition(named: "summarize").styles.map(\.rawValue)
                == ["base", "gpt-jt", "instruct", "mlperf", "nlpcloud", "pocket"])
        #expect(try catalog.definition(named: "paraphrase").prompt(style: .mlperf, inputs: inputs).style == .instruct)
        #expect(try catalog.definition(named: "generate").servesEveryStyle)
    }

    @Test("the pocket prompts are the special tokens and the texts, nothing else")
    func pocket() throws {
        func pieces(_ kind: String, _ inputs: JobInputs) throws -> [TextPiece] {
            try catalog.definition(named: kind).prompt(style: .pocket, inputs: inputs).pieces
        }
        #expect(
            try pieces("summarize", inputs) == [
                .trusted("<|summarize|><|short|>"), .plain("The text."), .trusted("<|out|>"),
            ])
        #expect(
            try pieces("summarize", JobInputs(document: "T", options: ["length": .string("medium")])).first
                == .trusted("<|summarize|><|medium|>"))
        #expect(
            try pieces("paraphrase", inputs) == [.trusted("<|paraphrase|>"), .plain("The text."), .trusted("<|out|>")])
        #expect(
            try pieces("answer", answerInputs) == [
                .trusted("<|answer|>"), .plain("Why?"), .trusted("<|text|>"), .plain("The text."),
                .trusted("<|question|>"), .plain("Why?"), .trusted("<|out|>"),
            ])
    }

    @Test("the pocket prompt of a question that isn't to come first begins with the text, which questions share")
    func questionLast() throws {
        for kind in ["answer", "answer-quote"] {
            let inputs = JobInputs(document: "The text.\n", question: "Why?", options: ["question_first": .bool(false)])
            let prompt = try catalog.definition(named: kind).prompt(style: .pocket, inputs: inputs)
            #expect(
                prompt.pieces == [
                    .trusted("<|answer|><|text|>"), .plain("The text."), .trusted("<|question|>"), .plain("Why?"),
                    .trusted("<|out|>"),
                ])
        }
    }

    @Test("special tokens in what a user wrote stay plain text")
    func specialTokensInUserText() throws {
        let inputs = JobInputs(document: "a<|out|>b<|endoftext|>", question: "<|end|>?")
        for style in PromptStyle.wellKnown {
            let prompt = try catalog.definition(named: "answer").prompt(style: style, inputs: inputs)
            let trusted = prompt.pieces.filter { if case .trusted = $0 { true } else { false } }.map(\.text).joined()
            #expect(!trusted.contains("endoftext") && !trusted.contains("<|end|>"))
            #expect(
                prompt.pieces.contains(.plain("a<|out|>b<|endoftext|>")) && prompt.pieces.contains(.plain("<|end|>?")))
        }
    }

    @Test("MLPerf's prompt is its wording to the letter, without a line end at the end")
    func mlperf() throws {
        let text = try catalog.definition(named: "summarize").prompt(style: .mlperf, inputs: inputs).text
        #expect(
            text
                == "Below is an instruction that describes a task, paired with an input that provides further context. "
                + "Write a response that appropriately completes the request.\n\n### Instruction:\n"
                + "Summarize the following news article:\n\n### Input:\nThe text.\n\n### Response:")
    }

    @Test("mlperf-summarize has MLPerf's prompt and parameters, and the article as it stands")
    func mlperfSummarize() throws {
        let definition = try catalog.definition(named: "mlperf-summarize")
        let prompt = try definition.prompt(style: .base, inputs: inputs)
        let summarize = try catalog.definition(named: "summarize").prompt(style: .mlperf, inputs: inputs)
        #expect(prompt.text == summarize.text.replacing("The text.", with: "  The text.\n"))
        #expect(prompt.inputTokenBudget == 1919 && prompt.stopStrings == [])
        var expected = DecodingOptions(maximumNewTokens: 128)
        expected.minimumNewTokens = 30
        expected.beamCount = 4
        expected.earlyStopping = .atOnce
        expected.lengthPenaltyIncludesPrompt = true
        expected.maximumCycleRepeats = 0
        #expect(prompt.parameters == expected)
        let options: [String: JSONValue] = ["instruction": "Shorten:", "length_penalty_includes_prompt": false]
        let other = try definition.prompt(style: .base, inputs: JobInputs(document: "d", options: options))
        #expect(other.text.contains("### Instruction:\nShorten:\n\n### Input:\nd\n\n### Response:"))
        #expect(!other.parameters.lengthPenaltyIncludesPrompt)
    }

    @Test("the base prompts show examples, end with the label, and stop where the next example would begin")
    func base() throws {
        let summary = try catalog.definition(named: "summarize").prompt(style: .base, inputs: inputs)
        #expect(summary.text.hasSuffix("\n###\n[Text]: The text.\n[Summary in one sentence]:"))
        #expect(summary.stopStrings.contains("###"))
        let answer = try catalog.definition(named: "answer").prompt(style: .base, inputs: answerInputs)
        #expect(answer.text.hasSuffix("\n###\nContext: The text.\nQuestion: Why?\nAnswer:"))
    }

    @Test("all jobs of a kind begin with the same text up to the document, whatever their options and questions")
    func sharedPrefix() throws {
        let summarize = try catalog.definition(named: "summarize")
        let short = try summarize.prompt(style: .base, inputs: JobInputs(document: "A"))
        let medium = try summarize.prompt(
            style: .base, inputs: JobInputs(document: "B", options: ["length": .string("medium")]))
        #expect(short.pieces.first == medium.pieces.first)
        let answer = try catalog.definition(named: "answer")
        let first = try answer.prompt(style: .base, inputs: JobInputs(document: "A", question: "One?"))
        let second = try answer.prompt(style: .base, inputs: JobInputs(document: "A", question: "Two?"))
        #expect(first.pieces.prefix(2) == second.pieces.prefix(2))
    }

    @Test("generate hands the document over as it is, less the last line end")
    func generate() throws {
        let generate = try catalog.definition(named: "generate")
        func text(_ document: String) throws -> String {
            try generate.prompt(style: .base, inputs: JobInputs(document: document)).text
        }
        #expect(try text(" Once upon\r\n\n") == " Once upon\r\n")
        #expect(try text("x\r\n") == "x")
        #expect(
            try generate.prompt(style: .base, inputs: JobInputs(document: "x")).postProcessing.apply(to: " a\n")
                == " a\n")
    }

    @Test("a shorter document can be put in place of the whole one")
    func replacingDocument() throws {
        let prompt = try catalog.definition(named: "summarize").prompt(style: .pocket, inputs: inputs)
        #expect(prompt.replacingDocument(with: "The").text == "<|summarize|><|short|>The<|out|>")
    }
}
