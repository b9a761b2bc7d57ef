import JobCatalog
import Testing
import Tokenization

@Suite("Prompt templates")
struct PromptTemplateTests {
    private func render(
        _ source: String, _ values: [String: PromptTemplate.Value], optional: Set<String> = []
    ) throws -> [TextPiece] {
        let template = try PromptTemplate(
            source, label: "t", names: values.keys.sorted() + optional.sorted(), optionalNames: optional)
        return try template.render(values).map(\.piece)
    }

    @Test("template text is trusted, values are plain, and both stay in order")
    func pieces() throws {
        let pieces = try render("<|a|>{{document}}<|b|>", ["document": .init("text <|a|>")])
        #expect(pieces == [.trusted("<|a|>"), .plain("text <|a|>"), .trusted("<|b|>")])
    }

    @Test("a trusted value joins the template text around it")
    func trustedValues() throws {
        let pieces = try render(
            "x{{length}}y{{document}}", ["length": .init("<|s|>", isTrusted: true), "document": .init("d")])
        #expect(pieces == [.trusted("x<|s|>y"), .plain("d")])
    }

    @Test("a value is never read as a template, and nothing in it is escaped")
    func valuesAreInert() throws {
        let hostile = "{{document}} {{#if document}} {{{{ & <b> \u{0} \\n"
        #expect(
            try render("[{{document}}]", ["document": .init(hostile)]) == [
                .trusted("["), .plain(hostile), .trusted("]"),
            ])
    }

    @Test(
        "white space and single braces stay, four braces are two",
        arguments: [
            ("a\n\n b \t", "a\n\n b \t"), ("{ } }} {x}", "{ } }} {x}"), ("{{{{name}}", "{{name}}"),
            ("{{{{{{{{", "{{{{"), ("{{ d }}", "D"), ("{{d}}}}", "D}}"), ("", ""),
        ])
    func literals(source: String, expected: String) throws {
        #expect(try render(source, ["d": .init("D")]).map(\.text).joined() == expected)
    }

    @Test("what is inside #if stays only for a value that is set")
    func conditionals() throws {
        let source = "{{#if q}}Q: {{q}}\n{{/if}}end"
        #expect(try render(source, [:], optional: ["q"]).map(\.text).joined() == "end")
        #expect(try render(source, ["q": .init(" \n")]).map(\.text).joined() == "end")
        #expect(try render(source, ["q": .init("why?")]).map(\.text).joined() == "Q: why?\nend")
        #expect(try render(source, ["q": .init("false")]).map(\.text).joined() == "Q: false\nend")
        #expect(try render(source, ["q": .init("false", isSet: false)]).map(\.text).joined() == "end")
        #expect(
            try render("{{#if a}}{{#if b}}{{a}}{{b}}{{/if}}{{/if}}", ["a": .init("1"), "b": .init("2")]).map(\.text)
                == ["1", "2"])
    }

    @Test(
        "a wrong template says where and what",
        arguments: [
            (
                "one\ntwo {{documnet}}",
                "t, line 2, column 5: there is no 'documnet'; did you mean 'document'? (names here: document, question)"
            ),
            ("{{x}}", "t, line 1, column 1: there is no 'x' (names here: document, question)"),
            (
                "{{document",
                "t, line 1, column 1: '{{' without '}}' on the same line; for two braces as text write '{{{{'"
            ),
            (
                "{{document\n}}",
                "t, line 1, column 1: '{{' without '}}' on the same line; for two braces as text write '{{{{'"
            ),
            (
                "é {{}}",
                "t, line 1, column 3: '{{}}' is neither a name nor #if with a name nor /if; for two braces as text write '{{{{'"
            ),
            (
                "{{{document}}}",
                "t, line 1, column 1: '{{{document}}' is neither a name nor #if with a name nor /if; for two braces as text write '{{{{'"
            ),
            ("a{{/if}}", "t, line 1, column 2: {{/if}} without {{#if}} before it"),
            ("{{#if question}}{{question}}", "t, line 1, column 1: {{#if question}} without {{/if}} after it"),
            (
                "{{question}}",
                "t, line 1, column 1: 'question' may be missing from a job: put it between {{#if question}} and {{/if}}"
            ),
            (
                String(repeating: "{{#if question}}", count: 9),
                "t, line 1, column 129: {{#if}} is nested deeper than 8 levels"
            ),
        ])
    func problems(source: String, expected: String) {
        #expect(
            message {
                _ = try PromptTemplate(
                    source, label: "t", names: ["document", "question"], optionalNames: ["question"])
            } == expected)
    }

    @Test("rendering without a value is an error, not an empty place")
    func missingValue() throws {
        let template = try PromptTemplate("a\n{{document}}", label: "t", names: ["document"])
        #expect(message { _ = try template.render([:]) } == "t, line 2, column 1: the job has no value for 'document'")
    }
}
