import Foundation
import JSONText
import TestSupport
import Testing

@Suite("kinds and paths")
struct KindsCommandTests {
    let queue: TestQueue

    init() throws {
        queue = try TestQueue(isMade: false)
        try queue.write("The cat sat.\n", to: "cat.txt")
    }

    @Test("the built-in kinds are listed, and the user's own win")
    func list() throws {
        let kinds = try queue.json("kinds", "--json").array
        #expect(kinds.compactMap { $0["name"] }.contains("summarize"))
        #expect(kinds.first { $0["name"] == "answer" }?["inputs"] == ["document", "question"])
        #expect(kinds.allSatisfy { $0["from"] == "built in" })
        try queue.write(
            "name: answer\ndescription: Mine.\ninputs: {document: required}\ntemplate: \"{{document}}\"\n",
            to: ".config/nightshift/jobs/answer.yaml")
        let mine = try queue.json("kinds", "--json").array.first { $0["name"] == "answer" }
        #expect(mine?["description"] == "Mine.")
        #expect(mine?["from"] == .string(queue.path(".config/nightshift/jobs/answer.yaml")))
    }

    @Test("a definition that can't be used is named with its line, and the others are listed")
    func broken() throws {
        try queue.write(
            "name: bad\ndescription: Bad.\ninputs: {document: required}\ntemplate: \"{{nope}}\"\n",
            to: ".config/nightshift/jobs/bad.yaml")
        let outcome = try queue.run("kinds", "--jsonl")
        #expect(outcome.status == 1)
        #expect(outcome.lines.count == (try queue.run("kinds", "list", "--jsonl").lines.count))
        #expect(outcome.lines.count > 3)
        #expect(outcome.errors.contains("there is no 'nope'"))
        #expect(try queue.run("kinds", "show", "bad").status == 78)
    }

    @Test("a definition is shown as it can be written to a file")
    func show() throws {
        let yaml = try queue.run("kinds", "show", "summarize").output
        #expect(yaml.hasPrefix("name: summarize\n"))
        try queue.write(
            yaml.replacing("name: summarize", with: "name: brief"), to: ".config/nightshift/jobs/brief.yaml")
        #expect(try queue.run("kinds", "test", "brief", "cat.txt").status == 0)
        #expect(try queue.run("kinds", "show", "nope").status == 64)
    }

    @Test("the prompt of a document is printed as the model would get it")
    func test() throws {
        let outcome = try queue.run("kinds", "test", "summarize", "cat.txt", "--style", "pocket", "-o", "length=medium")
        #expect(outcome.output == "<|summarize|><|medium|>The cat sat.<|out|>\n")
        #expect(try queue.run("kinds", "test", "answer", "cat.txt").status == 64)
        #expect(try queue.run("kinds", "test", "summarize", "nowhere.txt").status == 66)
    }

    @Test(
        "with a model, tokens are counted and what doesn't fit is said",
        .enabled(if: SharedFiles.areAvailable, "needs the models in shared/"))
    func tokens() throws {
        let model = SharedFiles.golden("e2e/model").path
        let fits = try queue.run("kinds", "test", "generate", "cat.txt", "--model", model)
        #expect(fits.errors.contains("4 tokens; with 128 kept for the output, up to 128 fit into the context of 256"))
        try queue.write(String(repeating: "The cat sat. ", count: 200), to: "long.txt")
        let long = try queue.run("kinds", "test", "generate", "long.txt", "--model", model)
        #expect(long.status == 1)
        let dry = try queue.run("add", "generate", "cat.txt", "long.txt", "--dry-run", "--model", model)
        #expect(dry.status == 1)
        #expect(dry.errors.contains("nightshift: long.txt: too long, "))
    }

    @Test("paths tells where everything is")
    func paths() throws {
        let object = try queue.json("paths", "--json")
        #expect(object["queue"] == .string(queue.database))
        #expect(object["jobs"] == .string(queue.path(".config/nightshift/jobs")))
        #expect(try queue.run("paths", "models").output == queue.path(".local/share/nightshift/models") + "\n")
    }

    @Test(
        "every command explains itself with examples",
        arguments: [
            ["init"], ["add"], ["status"], ["list"], ["show"], ["results"], ["result"], ["cancel"], ["retry"],
            ["kinds"],
            ["kinds", "list"], ["kinds", "show"], ["kinds", "test"], ["queue"], ["queue", "list"], ["queue", "pause"],
            ["queue", "resume"], ["paths"],
        ])
    func help(command: [String]) throws {
        let outcome = try queue.commandLine.run(command + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("EXAMPLES"))
    }

    @Test("a shell can complete kinds and files")
    func completions() throws {
        let script = try queue.run("--generate-completion-script", "fish")
        #expect(script.status == 0)
        #expect(script.output.contains("add"))
        let kinds = try queue.run("---completion", "add", "--", "positional@0", "1", "0", "nightshift", "add")
        #expect(
            kinds.lines == [
                "answer", "answer-quote", "code", "dialogue", "generate", "keywords", "mlperf-summarize", "outline",
                "paraphrase", "quiz", "summarize", "summarize-quote",
            ])
    }
}
