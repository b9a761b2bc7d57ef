import Generation
import JSONText
import JobCatalog
import Testing

@Suite("A job against its definition")
struct JobDefinitionTests {
    private let catalog = JobCatalog()

    private func validationMessage(_ kind: String, _ inputs: JobInputs) -> String {
        message { try catalog.definition(named: kind).validate(inputs) }
    }

    @Test("a missing or surplus input is named, with what to do")
    func inputs() {
        #expect(
            validationMessage("answer", JobInputs(document: "d"))
                == "kind 'answer' needs a question: give it with --question, or in the column 'question'")
        #expect(
            validationMessage("answer", JobInputs(document: "d", question: " \n"))
                == "kind 'answer' needs a question: give it with --question, or in the column 'question'")
        #expect(
            validationMessage("summarize", JobInputs())
                == "kind 'summarize' needs a document: name a file, or fill the column 'document_id' or 'input'")
        #expect(
            validationMessage("summarize", JobInputs(document: "d", question: "Why?"))
                == "kind 'summarize' takes no question: leave it out, or choose another kind")
    }

    @Test("an unknown option is named with what there is")
    func unknownOption() {
        #expect(
            validationMessage("summarize", JobInputs(document: "d", options: ["lenght": .string("short")]))
                == "kind 'summarize' has no option 'lenght'; did you mean 'length'? (it has the options length; every "
                + "kind has style, overflow, stop, adapter, constraint, no_answer_text, no_answer_threshold, max_new_tokens, "
                + "max_tokens, min_new_tokens, do_sample, temperature, top_k, top_p, min_p, typical_p, epsilon_cutoff, "
                + "eta_cutoff, repetition_penalty, "
                + "no_repeat_ngram_size, bad_words, bad_words_ids, suppress_tokens, max_cycle_repeats, num_beams, "
                + "length_penalty, length_penalty_includes_prompt, early_stopping, seed)")
        #expect(
            validationMessage("generate", JobInputs(document: "d", options: ["temprature": .number(1)]))
                .hasPrefix(
                    "kind 'generate' has no option 'temprature'; did you mean 'temperature'? (it has no options of its own;"
                ))
    }

    @Test(
        "an option's value out of its range is refused with the range",
        arguments: [
            ("length", JSONValue.string("long"), "one of short, medium", "long"),
            ("length", .integer(3), "a text", "3"),
            ("temperature", .integer(0), "a number above 0", "0"),
            ("temperature", .string("hot"), "a number above 0", "hot"),
            ("temperature", .string("nan"), "a number above 0", "nan"),
            ("top_p", .number(1.5), "a number above 0 and at most 1", "1.5"),
            ("top_p", .string("0"), "a number above 0 and at most 1", "0"),
            ("min_p", .number(-0.1), "a number from 0 to 1", "-0.1"),
            ("typical_p", .integer(2), "a number above 0 and at most 1", "2"),
            ("top_k", .number(1.5), "a whole number from 0 to 1000000", "1.5"),
            ("max_new_tokens", .integer(0), "a whole number from 1 to 1000000", "0"),
            (
                "max_new_tokens", .string("9223372036854775808"), "a whole number from 1 to 1000000",
                "9223372036854775808"
            ),
            ("min_new_tokens", .integer(200), "at most max_new_tokens, which is 128", "200"),
            ("repetition_penalty", .integer(0), "a number above 0", "0"),
            ("num_beams", .integer(65), "a whole number from 1 to 64", "65"),
            ("seed", .integer(-1), "a whole number, at least 0", "-1"),
            ("do_sample", .string("yes"), "true or false", "yes"),
            ("early_stopping", .string("soon"), "true, false or never", "soon"),
            ("stop", .array([.string("")]), "a text or a list of texts, none empty", "[\"\"]"),
            (
                "overflow", .string("cut"),
                "one of refuse, truncate, truncate-prompt, map-reduce, sections, retrieve, newest-turns", "cut"
            ),
            ("style", .bool(true), "a text", "true"),
        ])
    func badValues(option: String, value: JSONValue, expected: String, found: String) {
        #expect(
            validationMessage("summarize", JobInputs(document: "d", options: [option: value]))
                == "option '\(option)' of kind 'summarize': expected \(expected), found '\(found)'")
    }

    @Test("options from the shell and from a row do the same")
    func optionsOverride() throws {
        let shell = try JobOptions.parse(arguments: [
            "max_new_tokens=80", "temperature=0.7", "seed=5", "stop=[\"a\",\"b\"]", "overflow=truncate", "adapter=x=y",
        ])
        let row = try JobOptions.parse(
            json:
                #"{"max_new_tokens":80,"temperature":0.7,"seed":5,"stop":["a","b"],"overflow":"truncate","adapter":"x=y","top_k":null}"#
        )
        for options in [shell, row] {
            let prompt = try catalog.definition(named: "generate")
                .prompt(style: .base, inputs: JobInputs(document: "d", options: options))
            #expect(prompt.parameters.maximumNewTokens == 80 && prompt.outputTokenBudget == 80)
            #expect(prompt.parameters.temperature == 0.7 && prompt.parameters.seed == 5)
            #expect(prompt.parameters.isSampling, "who names a temperature wants sampling")
            #expect(prompt.stopStrings == ["a", "b"] && prompt.overflow == .truncate && prompt.adapter == "x=y")
        }
    }

    @Test("a job's constraint takes the place of the definition's, and a malformed one is refused")
    func constraints() throws {
        let answer = try catalog.definition(named: "generate")
        let parsed = try JobOptions.parse(arguments: ["constraint={\"choices\": [\"yes\", \"no\"]}"])
        let row = try JobOptions.parse(json: "{\"constraint\": {\"choices\": [\"yes\", \"no\"]}}")
        for options in [parsed, row] {
            let prompt = try answer.prompt(style: .base, inputs: JobInputs(document: "d", options: options))
            #expect(try prompt.constraint == Constraint(["choices": ["yes", "no"]]))
        }
        let inputs = JobInputs(document: "d", options: ["constraint": ["regex": "a("]])
        #expect(
            validationMessage("generate", inputs)
                == "option 'constraint' of kind 'generate': regex: at character 3: '(' without ')' after it")
        #expect(
            validationMessage(
                "generate",
                JobInputs(document: "d", options: try JobOptions.parse(arguments: ["constraint={\"regex\": \"a\""]))
            )
            .hasPrefix("option 'constraint' of kind 'generate': "))
        #expect(throws: JobCatalogError.self) {
            try answer.validate(JobInputs(document: "d", options: ["constraint": "jsn"]))
        }
    }

    @Test("a job passes at add time that one of the styles could run, and a known style decides alone")
    func validationByStyle() throws {
        let summarize = try catalog.definition(named: "summarize")
        let inputs = JobInputs(document: "d", options: ["min_new_tokens": .integer(100)])
        try summarize.validate(inputs)
        #expect(
            message { try summarize.validate(inputs, style: .pocket) }
                == "option 'min_new_tokens' of kind 'summarize': expected at most max_new_tokens, which is 64, found '100'"
        )
    }

    @Test("a lower max_new_tokens takes a definition's min_new_tokens with it")
    func lowerMaximum() throws {
        let inputs = JobInputs(document: "d", options: ["max_new_tokens": .integer(10)])
        let parameters = try catalog.definition(named: "summarize").prompt(style: .mlperf, inputs: inputs).parameters
        #expect(parameters.minimumNewTokens == 10 && parameters.maximumNewTokens == 10)
    }

    @Test("do_sample wins over what a temperature implies, and max_tokens is max_new_tokens")
    func impliedSampling() throws {
        let options: [String: JSONValue] = [
            "temperature": .number(0.5), "do_sample": .bool(false), "max_tokens": .integer(9),
        ]
        let parameters = try catalog.definition(named: "generate")
            .prompt(style: .base, inputs: JobInputs(document: "d", options: options)).parameters
        #expect(!parameters.isSampling && parameters.maximumNewTokens == 9)
        #expect(
            validationMessage(
                "generate",
                JobInputs(document: "d", options: ["max_tokens": .integer(1), "max_new_tokens": .integer(1)]))
                == "option 'max_tokens' of kind 'generate': expected max_new_tokens or max_tokens, not both, found '1'")
    }

    @Test("a job's own style wins over the model's, and a style without a template is refused with what there is")
    func styles() throws {
        let paraphrase = try catalog.definition(named: "paraphrase")
        let inputs = JobInputs(document: "d", options: ["style": .string("instruct")])
        #expect(try paraphrase.prompt(style: .pocket, inputs: inputs).style == .instruct)
        #expect(
            message { _ = try paraphrase.prompt(style: PromptStyle(rawValue: "bas"), inputs: JobInputs(document: "d")) }
                == "kind 'paraphrase' has no template for style 'bas'; did you mean 'base'? (it has: base, gpt-jt, instruct, "
                + "nlpcloud, pocket; choose one with --style or add it to the definition)")
    }

    @Test("option arguments that can't be read are refused")
    func optionArguments() {
        #expect(message { _ = try JobOptions.parse(arguments: ["seed"]) } == "option 'seed': write it as key=value")
        #expect(message { _ = try JobOptions.parse(arguments: ["a=1", "a=2"]) } == "option 'a=2': 'a' is given twice")
        #expect(
            message { _ = try JobOptions.parse(json: "[1]") }
                == "options must be a JSON object such as {\"max_new_tokens\": 80}, found: [1]")
        #expect(message { _ = try JobOptions.parse(json: String(repeating: "[", count: 100_000)) }.count < 200)
    }
}

@Suite("The style for a model")
struct PromptStyleTests {
    @Test(
        "metadata wins, then special tokens, then the name",
        arguments: [
            (ModelFacts(name: "gpt-j-6B"), PromptStyle.base),
            (ModelFacts(name: "databricks_dolly-v1-6b"), .instruct),
            (ModelFacts(name: "GPT-JT-6B-v1"), .gptJT),
            (ModelFacts(name: "instruct-gpt-j-fp16"), .nlpcloud),
            (ModelFacts(name: "gpt-j-alpaca-instruct"), .instruct),
            (ModelFacts(name: "gptj-mlperf-cnn"), .mlperf),
            (ModelFacts(name: "x", specialTokens: ["<|summarize|>", "<|out|>", "<|end|>"]), .pocket),
            (ModelFacts(name: "x", specialTokens: ["<|summarize|>"]), .base),
            (ModelFacts(name: "dolly", declaredStyle: "clinic"), PromptStyle(rawValue: "clinic")),
        ])
    func choice(facts: ModelFacts, expected: PromptStyle) {
        #expect(PromptStyle(for: facts) == expected)
    }
}
