import Foundation
import Generation
import JSONText
import JobCatalog
import Testing

@Suite("Kinds for what GPT-J is known for")
struct KindsOfGPTJTests {
    private let catalog = JobCatalog()

    private func prompt(
        _ kind: String, _ document: String, _ options: [String: JSONValue] = [:], style: PromptStyle = .base
    ) throws -> RenderedPrompt {
        try catalog.definition(named: kind).prompt(
            style: style, inputs: JobInputs(document: document, options: options))
    }

    @Test("code goes on with the code as it stands, between the fences of its language")
    func completedCode() throws {
        let prompt = try prompt("code", "def mean(xs):\n    \"\"\"The average.\"\"\"\n", ["language": "python"])
        #expect(prompt.text == "```python\ndef mean(xs):\n    \"\"\"The average.\"\"\"")
        #expect(prompt.stopStrings.contains("\n```") && prompt.stopStrings.contains("\ndef "))
        #expect(
            prompt.postProcessing.apply(to: "\n    return sum(xs)\n\nmean([])", stopStrings: prompt.stopStrings)
                == "\n    return sum(xs)")
    }

    @Test("each task of code has its prompt, stops and way of ending, in every style", arguments: PromptStyle.wellKnown)
    func tasks(style: PromptStyle) throws {
        let texts = try ["complete", "suggest", "explain"].map {
            try prompt("code", "x = 1", ["task": .string($0), "language": "ruby"], style: style)
        }
        #expect(Set(texts.map(\.text)).count == 3)
        for prompt in texts { #expect(prompt.text.contains("x = 1") && prompt.text.last != " ") }
        // Indentation that comes first isn't trimmed away.
        for prompt in texts.prefix(2) {
            #expect(prompt.postProcessing.apply(to: "    indented()").hasPrefix("    "), "\(style)")
        }
        #expect(texts[2].postProcessing.apply(to: "\n It adds.\n\nMore").hasPrefix("It adds."))
    }

    @Test("an unknown task is refused with those there are")
    func unknownTask() {
        #expect {
            try prompt("code", "x", ["task": "rewrite"])
        } throws: { "\($0)".contains("one of complete, suggest, explain, found 'rewrite'") }
    }

    @Test("a quiz is held to as many questions as were asked for")
    func quiz() throws {
        let prompt = try prompt("quiz", "Bees make honey.", ["questions": "2"])
        let schema = try #require(prompt.constraint?.source["json"])
        #expect(schema["minItems"] == 2 && schema["maxItems"] == 2)
        #expect(prompt.outputFormat == .json)
        #expect(prompt.check == ListCheck(inDocument: .member("answer"), unique: .member("question")))
        let unchecked = try self.prompt("quiz", "Bees make honey.", ["checked": "false"])
        #expect(unchecked.check == ListCheck(unique: .member("question")))
        #expect(throws: (any Error).self) { try self.prompt("quiz", "d", ["questions": "11"]) }
    }

    @Test("keywords can be nothing but words that stand in the document")
    func keywords() throws {
        let document = """
            The Brenn ferry was pulled along a steel cable. The Brenn ferry carried sheep, and the steel cable carried the \
            ferry. It was the end.
            """
        let prompt = try prompt("keywords", document, ["count": "3"])
        let items = try #require(prompt.constraint?.source["json"]?["items"]?["enum"])
        guard case .array(let values) = items else { return #expect(Bool(false), "no list") }
        let texts = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        #expect(texts.contains("Brenn ferry") && texts.contains("steel cable") && texts.contains("sheep"))
        #expect(!texts.contains("the") && !texts.contains("was"))
        for text in texts { #expect(document.contains(text)) }
        #expect(throws: (any Error).self) { try self.prompt("keywords", "…") }
    }

    @Test("keywords of a book, or of garbage, are found in time and bounded")
    func manyPhrases() throws {
        let book = (0..<60_000).map { "word\($0 % 9000) next\($0 % 13)" }.joined(separator: " ")
        guard case .array(let values)? = try prompt("keywords", book).constraint?.source["json"]?["items"]?["enum"]
        else {
            return #expect(Bool(false), "no list")
        }
        #expect(values.count == 400)
        _ = try? prompt("keywords", String(repeating: "\u{301}-'", count: 100_000))
    }

    @Test("an outline has its sections as indented text, or as JSON")
    func outline() throws {
        let text = try prompt("outline", "d", ["sections": "2"])
        guard case .string(let pattern)? = text.constraint?.source["regex"] else {
            return #expect(Bool(false), "no pattern")
        }
        let expression = try NSRegularExpression(pattern: "^(?:\(pattern))$")
        func matches(_ text: String) -> Bool {
            expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
        }
        #expect(matches("- One\n  - point\n  - more\n- Two\n  - point\n"))
        #expect(!matches("- One\n  - point\n") && !matches("- One\n- Two\n"))
        #expect(text.outputFormat == .text)
        for style in PromptStyle.wellKnown {
            let json = try prompt("outline", "d", ["format": "json", "sections": "2"], style: style)
            #expect(json.outputFormat == .json && json.constraint?.source["json"]?["minItems"] == 2, "\(style)")
        }
    }

    @Test("a stored template takes the place of the kind's, with its own options under the job's")
    func storedTemplate() throws {
        let definition = try catalog.definition(named: "summarize")
        let stored = StoredTemplate(
            name: "brief", version: 2, body: "In {{length}}: {{document}}\nTL;DR:",
            options: ["length": "medium", "stop": ["\n"]])
        func prompt(_ options: [String: JSONValue]) throws -> RenderedPrompt {
            try definition.prompt(style: .base, inputs: JobInputs(document: "D", options: options), stored: stored)
        }
        #expect(try prompt([:]).text == "In [Summary in a few sentences]:: D\nTL;DR:")
        #expect(try prompt(["length": "short"]).text == "In [Summary in one sentence]:: D\nTL;DR:")
        #expect(try prompt([:]).stopStrings.last == "\n")
        let wrong = StoredTemplate(name: "brief", version: 3, body: "{{documnet}}")
        #expect {
            try definition.validate(JobInputs(document: "D"), stored: wrong)
        } throws: {
            "\($0)" == "template 'brief' version 3, line 1, column 1: there is no 'documnet'; did you mean 'document'? "
                + "(names here: document, title, length)"
        }
    }
}
