import Foundation
import JSONText
import TestSupport
import Testing

@Suite("Engine commands", .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
struct EngineCommandTests {
    let model = SharedFiles.golden("e2e/model").path

    private func golden() throws -> JSONValue {
        try JSONParser.parse([UInt8](Data(contentsOf: SharedFiles.golden("e2e/e2e.json"))))
    }

    private func array(_ value: JSONValue?) -> [JSONValue] {
        if case .array(let values) = value { values } else { [] }
    }

    @Test("text in, HuggingFace's text out, many requests at once")
    func generate() throws {
        var requests: [String] = []
        var expected: [JSONValue: JSONValue] = [:]
        for (index, testCase) in array(try golden()["cases"]).enumerated() {
            guard case .object(var request)? = testCase["params"] else { continue }
            request["id"] = .integer(index)
            request["prompt"] = testCase["text"]
            request["allow_special"] = true
            if request["eos_token_id"] == nil { request["eos_token_id"] = .null }
            requests.append(JSONValue.object(request).text)
            expected[.integer(index)] = testCase
        }
        #expect(requests.count > 10)
        #expect(requests.contains { $0.contains("num_beams") })
        let outcome = try CommandLine().run(
            ["engine", "generate", "--model", model], input: requests.joined(separator: "\n"))
        #expect(outcome.status == 0)
        let answers = try outcome.objects
        #expect(answers.count == requests.count)
        for answer in answers {
            let id = try #require(answer["id"])
            let testCase = try #require(expected[id])
            let result = array(testCase["results"])[0]
            #expect(answer["ids"] == result["new_tokens"])
            if case .string(let text)? = testCase["generated_text"] {
                // An end token that ended the text is no part of it.
                let end = result["finish"] == "eos" ? "<|endoftext|>" : ""
                #expect(answer["text"] == .string(String(text.dropLast(end.count))))
            }
            if case .number(let score)? = result["sequence_score"], case .number(let found)? = answer["score"] {
                #expect(abs(found - score) <= 1e-3 * max(1, abs(score)))
            }
        }
    }

    @Test("each text that a request asks for has a line, by rank")
    func severalTexts() throws {
        let outcome = try CommandLine().run(
            ["engine", "generate", "--model", model],
            input: """
                {"id": "beams", "prompt": "Hello", "max_new_tokens": 6, "num_beams": 4, "num_return_sequences": 3, "early_stopping": "never"}
                {"id": "draws", "prompt": "Hello", "max_new_tokens": 6, "do_sample": true, "num_return_sequences": 3, "seed": 5}
                {"id": "many", "prompt": "Hello", "max_new_tokens": 6, "do_sample": true, "num_return_sequences": 60, "seed": 5}
                {"id": "greedy", "prompt": "Hello", "num_return_sequences": 2}
                {"id": "word", "prompt": "Hello", "early_stopping": "sometimes"}
                {"id": "bad", "prompt": "Hello", "bad_words_ids": [1]}
                """)
        var texts: [JSONValue: [JSONValue]] = [:]
        var scores: [Double] = []
        var errors: [JSONValue: JSONValue] = [:]
        for object in try outcome.objects {
            let id = try #require(object["id"])
            if let error = object["error"] {
                errors[id] = error
                continue
            }
            #expect(object["sequence"] == .integer(texts[id]?.count ?? 0), "in order of rank")
            texts[id, default: []].append(try #require(object["ids"]))
            if id == "beams", case .number(let score)? = object["score"] { scores.append(score) }
        }
        #expect(texts.mapValues(\.count) == ["beams": 3, "draws": 3, "many": 60])
        #expect(scores.count == 3 && scores == scores.sorted(by: >))
        #expect(texts["many"].map { Array($0.prefix(3)) } == texts["draws"], "a draw goes by the seed and its number")
        let greedy =
            "num_return_sequences is 2; allowed: 1, or do_sample or num_beams above 1: greedy decoding has one answer"
        #expect(errors["greedy"] == .string(greedy))
        #expect(errors["word"] == "early_stopping: expected true, false or \"never\", found \"sometimes\"")
        #expect(errors["bad"] == "bad_words_ids: expected a list of token ids, found 1")
    }

    @Test("prompts that begin alike are read once, unless that is turned off; the texts are the same")
    func sharedPrefixes() throws {
        let document = (0..<100).map { "\($0 % 60 + 1)" }.joined(separator: ",")
        let input = (1...6).map { #"{"id": \#($0), "prompt_ids": [\#(document),\#($0)], "max_new_tokens": 4}"# }
            .joined(separator: "\n")
        func answers(_ options: [String]) throws -> [JSONValue: JSONValue] {
            let outcome = try CommandLine().run(["engine", "generate", "--model", model] + options, input: input)
            #expect(outcome.status == 0)
            return Dictionary(uniqueKeysWithValues: try outcome.objects.map { ($0["id"] ?? .null, $0) })
        }
        let (shared, whole) = (try answers([]), try answers(["--no-prefix-cache"]))
        #expect(shared.count == 6)
        // One reads the three whole pages, the others have them from it.
        let cached = shared.values.map { $0["cached_tokens"] ?? .null }
        #expect(cached.count { $0 == .integer(0) } == 1 && cached.count { $0 == .integer(96) } == 5)
        #expect(whole.values.allSatisfy { $0["cached_tokens"] == .integer(0) })
        #expect(shared.mapValues { $0["ids"] } == whole.mapValues { $0["ids"] })
        #expect(shared.mapValues { $0["score"] } == whole.mapValues { $0["score"] })
    }

    @Test("texts meet their constraints; malformed ones are answered with their errors, and the rest go on")
    func constraints() throws {
        let requests = [
            #"{"id": "choice", "prompt": "Hello", "constraint": {"choices": ["yes", "no"]}}"#,
            #"{"id": "beams", "prompt": "Hello", "num_beams": 3, "num_return_sequences": 2, "constraint": {"choices": ["yes", "no"]}}"#,
            #"{"id": "regex", "prompt": "Hello", "do_sample": true, "constraint": {"regex": "[0-9]{3}-é+!"}, "max_new_tokens": 30}"#,
            #"{"id": "json", "prompt": "Hello", "constraint": {"json": {"required": ["a"], "properties": {"a": {"type": "boolean"}}}}}"#,
            #"{"id": "cut", "prompt": "Hello", "constraint": {"regex": "[a-z]{1000}"}}"#,
            #"{"id": "loop", "prompt": "Hello", "repetition_penalty": 0.1, "eos_token_id": null, "max_new_tokens": 100, "max_cycle_repeats": 4}"#,
            #"{"id": "free", "prompt": "Hello"}"#,
            #"{"id": "keyword", "prompt": "Hello", "constraint": {"json": {"format": "date"}}}"#,
            #"{"id": "pattern", "prompt": "Hello", "constraint": {"regex": "a{2"}}"#,
            #"{"id": "none", "prompt": "Hello", "constraint": 7}"#,
        ]
        let outcome = try CommandLine().run(
            ["engine", "generate", "--model", model], input: requests.joined(separator: "\n"))
        #expect(outcome.status == 1)
        var answers: [String: [JSONValue]] = [:]
        for object in try outcome.objects {
            if case .string(let id)? = object["id"] { answers[id, default: []].append(object) }
        }
        func text(_ id: String, _ index: Int = 0) -> String {
            if case .string(let text)? = answers[id]?[index]["text"] { text } else { "" }
        }
        #expect(["yes", "no"].contains(text("choice")))
        #expect(Set([text("beams"), text("beams", 1)]) == ["yes", "no"])
        #expect(text("regex").wholeMatch(of: /[0-9]{3}-é*!?/) != nil)
        #expect(["{\"a\":true}", "{\"a\":false}"].contains(text("json").filter { !$0.isWhitespace }))
        #expect(answers["choice"]?[0]["incomplete"] == false)
        #expect(answers["cut"]?[0]["incomplete"] == true && answers["cut"]?[0]["finish_reason"] == "length")
        #expect(answers["free"]?[0]["incomplete"] == nil && answers["free"]?[0]["stopped_by"] == nil)
        #expect(answers["loop"]?[0]["stopped_by"] == "repetition" && answers["loop"]?[0]["finish_reason"] == "stop")
        for id in ["keyword", "pattern", "none"] { #expect(answers[id]?[0]["error"] != nil, "\(id)") }
    }

    @Test("the text before a stop string is kept whole")
    func stopStrings() throws {
        let cases = array(try golden()["stop_strings"])
        let requests = cases.enumerated().map { index, stop -> String in
            let request: JSONValue = [
                "id": .integer(index), "prompt": stop["text"]!, "allow_special": true, "max_new_tokens": 40,
                "eos_token_id": .null,
                "stop": .array([stop["stop"]!]),
            ]
            return request.text
        }
        let answers = try CommandLine().run(
            ["engine", "generate", "--model", model], input: requests.joined(separator: "\n")
        ).objects
        #expect(answers.count == cases.count && cases.count > 10)
        for answer in answers {
            guard case .integer(let index)? = answer["id"] else { continue }
            #expect(answer["text"] == cases[index]["expected_text_before_stop"])
            #expect(answer["finish_reason"] == "stop")
        }
    }

    @Test("a stop string ends a beam as an end token does, and is cut off")
    func stoppedBeams() throws {
        func answers(stop: [JSONValue]) throws -> [JSONValue] {
            let request: JSONValue = [
                "prompt": "Hello", "max_new_tokens": 12, "num_beams": 3, "num_return_sequences": 3,
                "early_stopping": true, "eos_token_id": .null, "stop": .array(stop),
                // Short texts win.
                "length_penalty": -2,
            ]
            return try CommandLine().run(["engine", "generate", "--model", model], input: request.text).objects
        }
        let free = try answers(stop: [])
        guard case .string(let text)? = free.first?["text"], let letter = text.dropFirst(4).first(where: \.isLetter)
        else {
            Issue.record("no text")
            return
        }
        let stopped = try answers(stop: [.string(String(letter))])
        #expect(stopped.count == 3)
        #expect(stopped[0]["finish_reason"] == "stop")
        #expect(stopped[0]["text"] == .string(String(text.prefix { $0 != letter })))
        for line in stopped {
            guard case .string(let text)? = line["text"] else { continue }
            #expect(!text.contains(letter))
        }
    }

    @Test("a wrong line gets its error, and the rest go on")
    func wrongLines() throws {
        let outcome = try CommandLine().run(
            ["engine", "generate", "--model", model],
            input: """
                {"id": 1, "prompt": "Hello", "max_new_tokens": 2}
                no JSON
                {"id": 3, "prompt": "Hello", "temprature": 2}
                {"id": 4, "prompt": "Hello", "max_new_tokens": 2, "do_sample": true, "temperature": -1}
                {"id": 5, "prompt_ids": [70000], "max_new_tokens": 2}
                {"id": 6, "prompt": "Hello", "max_new_tokens": 2000000}
                {"id": 7}
                {"id": 8, "prompt": "Hello", "max_new_tokens": 2}
                """)
        #expect(outcome.status == 1)
        var errors: [JSONValue: String] = [:]
        for object in try outcome.objects {
            if case .string(let error)? = object["error"] { errors[object["id"]!] = error }
        }
        #expect(try outcome.objects.count == 8)
        #expect(errors.count == 6)
        #expect(errors[3]?.contains("'temprature'") == true)
        #expect(errors[4] == "temperature is -1.0; allowed: a number above 0")
        #expect(errors[5] == "token 70000 isn't in the vocabulary; ids run from 0 to 50399")
        #expect(errors[6]?.contains("the model's context holds 256") == true)
        #expect(errors[7] == "prompt or prompt_ids is missing")
        #expect(outcome.errors == "nightshift: 6 lines could not be answered\n")
    }

    @Test("special tokens in a text are text unless asked for")
    func specialTokens() throws {
        let answers = try CommandLine().run(
            ["engine", "tokenize", "--model", model],
            input: """
                {"id": 1, "text": "a<|endoftext|>"}
                {"id": 2, "text": "a<|endoftext|>", "allow_special": true}
                """
        ).objects
        #expect(answers[1]["ids"] == [64, 50256])
        #expect(answers[0]["ids"] != answers[1]["ids"])
        let back = try CommandLine().run(
            ["engine", "detokenize", "--model", model],
            input: answers.map { (["id": $0["id"]!, "ids": $0["ids"]!] as JSONValue).text }.joined(separator: "\n"))
        #expect(try back.objects.map { $0["text"] } == ["a<|endoftext|>", "a<|endoftext|>"])
    }

    @Test("scores and logits agree with each other")
    func scoreAndLogits() throws {
        let folder = SharedFiles.golden("models/a-rot8/checkpoints/st-f32").path
        let score = try CommandLine().run(
            ["engine", "score", "--model", folder], input: #"{"id":1,"prompt_ids":[5,6],"continuation_ids":[7]}"#
        ).objects[0]
        let logits = try CommandLine().run(
            ["engine", "logits", "--model", folder], input: #"{"id":1,"ids":[5,6],"last":true}"#
        ).objects[0]
        let values = array(array(logits["logits"]).first).map { value -> Double in
            switch value {
            case .number(let number): number
            case .integer(let number): Double(number)
            default: .nan
            }
        }
        #expect(values.count == 512)
        let logprob = values[7] - log(values.reduce(0) { $0 + exp($1) })
        guard case .number(let sum)? = score["sum"] else {
            Issue.record("no sum")
            return
        }
        #expect(abs(sum - logprob) < 1e-4)
    }

    @Test("perplexity of quantized weights is told beside that of the file's own")
    func perplexity() throws {
        let ids = FileManager.default.temporaryDirectory.appending(path: "nightshift-ids-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: ids) }
        let tokens: JSONValue = .array((0..<90).map { .integer($0 * 53 % 4000 + 16) })
        try Data(tokens.text.utf8).write(to: ids)
        let arguments = [
            "engine", "perplexity", "--model", Repository.referenceModel.path, "--ids", ids.path, "--window", "40",
            "--json",
        ]
        let own = try #require(try CommandLine().run(arguments).objects.first)
        #expect(own["windows"] == 2 && own["predictions"] == 78 && own["divergence"] == nil)
        let quantized = try #require(try CommandLine().run(arguments + ["--weights", "int8"]).objects.first)
        #expect(quantized["f32_nll"] == own["nll"] && quantized["nll"] != own["nll"])
        guard case .number(let divergence)? = quantized["divergence"] else {
            Issue.record("no divergence")
            return
        }
        #expect((0..<0.01).contains(divergence))
        let short = try CommandLine().run(Array(arguments.dropLast(3)) + ["--window", "91"])
        #expect(short.status == 64 && short.errors.contains("no window of 91 ids"))
    }

    @Test("a model that can't be loaded ends the command with a lawful code")
    func noModel() throws {
        let missing = try CommandLine().run(["engine", "logits", "--model", "/nowhere"])
        #expect(missing.status == 66)
        #expect(missing.errors.contains("/nowhere"))
        #expect(try CommandLine().run(["engine", "logits", "--model", model, "--threads", "0"]).status == 64)
    }

    @Test("every malformed model is refused in words, or loads to the right logits")
    func malformed() throws {
        let cases = try JSONParser.parse([UInt8](Data(contentsOf: SharedFiles.golden("malformed/cases.json"))))
        let ids = try #require(cases["probe_input_ids"])
        let request: JSONValue = ["id": 1, "ids": ids]
        for malformed in array(cases["model"]) {
            guard case .string(let name)? = malformed["id"], case .string(let expect)? = malformed["expect"] else {
                continue
            }
            let outcome = try CommandLine().run(
                ["engine", "logits", "--model", SharedFiles.golden("malformed/model/\(name)").path],
                input: request.text)
            switch expect {
            case "load": #expect(outcome.status == 0, "\(name): \(outcome.errors)")
            case "reject":
                #expect([65, 66, 69].contains(outcome.status), "\(name): \(outcome.status)")
                #expect(outcome.errors.contains(name), "\(name): \(outcome.errors)")
            default: #expect([0, 1, 65].contains(outcome.status), "\(name): \(outcome.status)")
            }
        }
        let trace = FileManager.default.temporaryDirectory.appending(path: "PICKLE_WAS_EXECUTED").path
        #expect(!FileManager.default.fileExists(atPath: trace))
    }
}
