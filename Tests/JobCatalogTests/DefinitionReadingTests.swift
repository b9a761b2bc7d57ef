import Generation
import JSONText
import JobCatalog
import Testing
import Tokenization

@Suite("Reading definitions")
struct DefinitionReadingTests {
    @Test("a definition with every field is read")
    func everyField() throws {
        let mine = try definition(
            """
            name: mine
            description: Tells a tale.
            inputs: {document: required, question: optional}
            trim: newline
            options:
              tone: {description: How it sounds., default: dry, values: [dry, "yes", 3]}
              words: {type: integer, default: 50}
              draft: {type: boolean}
            parameters: {temperature: 0.7, seed: 4, early_stopping: never}
            budget: {input: 900, output: 40}
            stop: "###"
            postprocess: [trim, first_line, first_paragraph, one_line, {strip_label: ["Tale:", "T:"]}]
            overflow: map-reduce
            output: json
            constraint: {regex: "[a-z]+"}
            adapter: tales
            template: "{{#if title}}{{title}}: {{/if}}{{document}} {{tone}} {{words}}{{#if draft}} draft{{/if}}"
            styles:
              pocket:
                texts: {tone: {dry: "<|dry|>", "yes": "<|wet|>", "3": "<|3|>"}}
                template: "{{tone}}{{document}}{{#if question}}<|q|>{{question}}{{/if}}"
                stop: [a, b]
                parameters: {seed: 5}
                budget: {output: 20}
                postprocess: []
            """)
        #expect(mine.name == "mine" && mine.description == "Tells a tale." && mine.styles == [.pocket])
        #expect(mine.options.map(\.name) == ["tone", "words", "draft"] && mine.trimming == .newline)
        #expect(mine.options[0].allowedValues == [.string("dry"), .string("yes"), .string("3")])

        let general = try mine.prompt(
            style: .base, inputs: JobInputs(document: "D\n", title: "T", options: ["draft": .string("true")]))
        #expect(general.text == "T: D dry 50 draft" && general.style == .base)
        #expect(general.parameters.isSampling && general.parameters.temperature == 0.7 && general.parameters.seed == 4)
        #expect(general.parameters.earlyStopping == .never && general.stopStrings == ["###"])
        #expect(general.inputTokenBudget == 900 && general.outputTokenBudget == 40)
        #expect(
            general.postProcessing.steps == [
                .trim, .firstLine, .firstParagraph, .oneLine, .stripLabel(["Tale:", "T:"]),
            ])
        #expect(general.overflow == .mapReduce && general.outputFormat == .json && general.adapter == "tales")
        #expect(try general.constraint == Constraint(["regex": "[a-z]+"]))

        let pocket = try mine.prompt(
            style: .pocket, inputs: JobInputs(document: "D", question: "Q", options: ["tone": .string("yes")]))
        #expect(pocket.pieces == [.trusted("<|wet|>"), .plain("D"), .trusted("<|q|>"), .plain("Q")])
        #expect(
            pocket.parameters.seed == 5 && pocket.parameters.temperature == 0.7 && pocket.stopStrings == ["a", "b"])
        #expect(pocket.inputTokenBudget == 900 && pocket.outputTokenBudget == 20 && pocket.postProcessing.steps.isEmpty)
    }

    @Test("an option without listed values is plain text, one with them trusted")
    func optionTrust() throws {
        let mine = try definition(
            "{description: x, options: {a: {}, b: {values: [<|b|>], default: <|b|>}}, template: '{{#if a}}{{a}}{{/if}}{{b}}{{document}}'}"
        )
        let prompt = try mine.prompt(style: .base, inputs: JobInputs(document: "d", options: ["a": .string("<|x|>")]))
        #expect(prompt.pieces == [.plain("<|x|>"), .trusted("<|b|>"), .plain("d")])
    }

    private static let wrong: [(String, String)] = [
        (
            "description: x\ntemplte: y",
            "mine.yaml, line 2, field 'templte': there is no such field; did you mean 'template'? (fields here: name, description, "
                + "inputs, reads, trim, options, overflow, check, no_answer, adapter, styles, template, texts, stop, "
                + "parameters, budget, postprocess, output, constraint, cases)"
        ),
        (
            "description: x",
            "mine.yaml, line 1, field 'template': missing: give one here, or one for each style under 'styles'"
        ),
        ("template: x", "mine.yaml, line 1, field 'description': missing: say in a sentence what the kind does"),
        (
            "name: other\ndescription: x\ntemplate: y",
            "mine.yaml, line 1, field 'name': 'other' isn't the file's name 'mine'; rename one of the two"
        ),
        (
            "description: x\nstyles:\n  base:\n    stop: a",
            "mine.yaml, line 4, field 'styles.base.template': missing"
        ),
        (
            "description: x\nstyles:\n  base:\n    template: 'a {{txt}}'",
            "mine.yaml, styles.base.template, line 1, column 3: there is no 'txt' (names here: document, title)"
        ),
        (
            "description: x\ntemplate: '{{title}}'",
            "mine.yaml, template, line 1, column 1: 'title' may be missing from a job: put it between {{#if title}} and {{/if}}"
        ),
        (
            "description: x\ntemplate: y\nparameters:\n  top_p: 2",
            "mine.yaml, line 4, field 'parameters.top_p': expected a number above 0 and at most 1, found '2'"
        ),
        (
            "description: x\ntemplate: y\nparameters: {max_new_tokens: 5}",
            "mine.yaml, line 3, field 'parameters': give the most tokens of the output as 'output' of 'budget'"
        ),
        (
            "description: x\ntemplate: y\nconstraint: {json: {type: object, oneOf: []}}",
            "mine.yaml, line 3, field 'constraint': json: the keyword 'oneOf' isn't supported; leave it out or say it otherwise "
                + "(supported: type, enum, const, anyOf, properties, required, additionalProperties, items, minItems, "
                + "maxItems, minLength, maxLength, pattern)"
        ),
        (
            "description: x\ntemplate: y\nconstraint: {regex: 'a(b'}",
            "mine.yaml, line 3, field 'constraint': regex: at character 4: '(' without ')' after it"
        ),
        (
            "description: x\ntemplate: y\nbudget: {output: -3}",
            "mine.yaml, line 3, field 'budget.output': expected a whole number from 1 to 1000000"
        ),
        (
            "description: x\ntemplate: y\noverflow: truncat",
            "mine.yaml, line 3, field 'overflow': 'truncat' isn't one of refuse, truncate, truncate-prompt, map-reduce, sections, retrieve, newest-turns; did you mean 'truncate'?"
        ),
        (
            "description: x\ntemplate: y\npostprocess: [trimm]",
            "mine.yaml, line 3, field 'postprocess': 'trimm' isn't a step; did you mean 'trim'? (steps: trim, trim_lines, "
                + "first_line, first_paragraph, one_line, strip_label, code_fence, code_block)"
        ),
        (
            "description: x\ntemplate: y\ninputs: {document: maybe}",
            "mine.yaml, line 3, field 'inputs.document': 'maybe' isn't one of required, optional"
        ),
        (
            "description: x\ntemplate: y\noptions:\n  seed: {}",
            "mine.yaml, line 4, field 'options.seed': every kind has this name already: choose another"
        ),
        (
            "description: x\ntemplate: y\noptions:\n  a: {type: integer, default: few}",
            "mine.yaml, line 4, field 'options.a.default': expected a whole number, found 'few'"
        ),
        (
            "description: x\noptions: {a: {values: [u, v]}}\ntexts: {a: {u: U}}\ntemplate: y",
            "mine.yaml, line 3, field 'texts.a': there is no text for the value 'v'"
        ),
        ("- a\n- b", "mine.yaml, line 1, expected fields, each with a name and a colon"),
    ]

    @Test("a wrong definition is refused with file, line, field and what to do", arguments: wrong)
    func wrongDefinitions(yaml: String, expected: String) {
        #expect(definitionMessage(yaml) == expected)
    }

    private static let garbage: [(String, String)] = [
        ("", "mine.yaml: the file is empty"),
        ("a: [", "mine.yaml, line 2: while parsing a flow node, did not find expected node content"),
        ("a: 1\na: 2", "mine.yaml, line 1: the key 'a' stands there twice"),
        ("a: 1\n---\nb: 2", "mine.yaml, line 2: expected a single document in the stream, but found another document"),
        (
            "a: &x [1]\nb: *x",
            "mine.yaml, line 1: anchors (&) and aliases (*) aren't used here; if text was meant, put it in quotes"
        ),
        (
            "description: *x",
            "mine.yaml, line 1: anchors (&) and aliases (*) aren't used here; if text was meant, put it in quotes"
        ),
        (
            "a: !!python/object:os.system x",
            "mine.yaml, line 1: tags (!) aren't used here; if text was meant, put it in quotes"
        ),
        ("? [a, b]\n: c", "mine.yaml, line 1: a key must be a text"),
        (
            String(repeating: "[", count: 17) + String(repeating: "]", count: 17),
            "mine.yaml, line 1: nested deeper than 16 levels"
        ),
    ]

    @Test("YAML that isn't a definition's is refused", arguments: garbage)
    func garbageFiles(yaml: String, expected: String) {
        #expect(definitionMessage(yaml) == expected)
    }

    @Test("a file that is too large is refused unread")
    func tooLarge() {
        #expect(
            definitionMessage("# " + String(repeating: "x", count: 256 * 1024))
                == "mine.yaml: the file is larger than 256 KiB")
    }

    @Test("ampersands and stars in texts are only text")
    func starsInTexts() throws {
        let mine = try definition("description: a & b * c\ntemplate: |-\n  * &p = *q;\n  {{document}} \"&\"")
        #expect(mine.description == "a & b * c")
        #expect(try mine.prompt(style: .base, inputs: JobInputs(document: "D")).text == "* &p = *q;\nD \"&\"")
    }

    @Test("aliases that would stand for billions of nodes cost nothing, as values and as keys")
    func aliasBomb() {
        var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        for level in 1...40 {
            let alias = "*a\(level - 1)"
            lines.append("a\(level): &a\(level) [" + Array(repeating: alias, count: 9).joined(separator: ", ") + "]")
        }
        lines.append("? *a40\n: x")
        #expect(
            definitionMessage(lines.joined(separator: "\n")).contains("anchors (&) and aliases (*) aren't used here"))
    }

    @Test("thousands of brackets are refused, not followed to the end of the stack")
    func deepNesting() {
        for opening in ["[", "{a: ", "- ", "? "] {
            #expect(definitionMessage(String(repeating: opening, count: 60_000)).hasPrefix("mine.yaml"))
        }
    }

    @Test("bytes that were changed at random give an error or a definition, never a crash")
    func mutatedFiles() throws {
        let original = Array(try JobCatalog().definition(named: "summarize").yaml.utf8)
        var state: UInt64 = 7
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var refused = 0
        let kindCount = JobCatalog(userFolder: nil).kinds.count
        for _ in 0..<150 {
            var bytes = original
            for _ in 0...random(8) {
                let hostile = Array("[]{}:-?|>&*!%#'\"\n\t @`\u{0}".utf8)
                bytes[random(bytes.count)] = random(2) == 0 ? hostile[random(hostile.count)] : UInt8(random(256))
            }
            let folder = try TemporaryFolder()
            try folder.write(bytes, to: "summarize.yaml")
            let catalog = JobCatalog(userFolder: folder.url)
            if catalog.problems.count == 1 { refused += 1 }
            #expect(catalog.kinds.count + catalog.problems.count == kindCount)
        }
        #expect(refused > 0 && refused < 150)
    }
}
