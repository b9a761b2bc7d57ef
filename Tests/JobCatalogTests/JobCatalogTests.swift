import Foundation
import JobCatalog
import Testing

@Suite("The catalog of kinds")
struct JobCatalogTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("an unknown kind is named with the known ones and the nearest")
    func unknownKind() {
        let catalog = JobCatalog()
        #expect(
            message { _ = try catalog.definition(named: "sumarize") }
                == "there is no kind 'sumarize'; did you mean 'summarize'? (kinds: answer, answer-quote, "
                + "code, dialogue, generate, keywords, mlperf-summarize, outline, paraphrase, quiz, summarize, "
                + "summarize-quote)"
        )
        #expect(
            message { _ = try catalog.definition(named: "translate") }
                == "there is no kind 'translate' (kinds: answer, answer-quote, code, dialogue, generate, keywords, "
                + "mlperf-summarize, outline, paraphrase, quiz, summarize, summarize-quote)")
        #expect(message { _ = try catalog.definition(named: String(repeating: "x", count: 1_000_000)) }.count < 300)
    }

    @Test("the user's definitions add kinds and win over built-in ones")
    func override() throws {
        try folder.write("{description: Mine., template: 'S: {{document}}'}", to: "summarize.yaml")
        try folder.write("{description: New., template: 'H: {{document}}'}", to: "haiku.yml")
        try folder.write("not a definition", to: "readme.txt")
        let catalog = JobCatalog(userFolder: folder.url)
        #expect(
            catalog.kinds == [
                "answer", "answer-quote", "code", "dialogue", "generate", "haiku", "keywords", "mlperf-summarize",
                "outline", "paraphrase", "quiz", "summarize", "summarize-quote",
            ])
        let summarize = try catalog.definition(named: "summarize")
        #expect(try summarize.prompt(style: .pocket, inputs: JobInputs(document: "d")).text == "S: d")
        #expect(summarize.file?.hasSuffix("/summarize.yaml") == true)
        #expect(try catalog.definition(named: "answer").file == nil)
        #expect(catalog.problems.isEmpty)
    }

    @Test("an adapter's relative path is one below the definition's folder; names and other paths stay")
    func adapters() throws {
        let here = folder.url.path
        for (number, (adapter, expected)) in [
            ("./tales", "\(here)/tales"), ("../tales=0.5", "\(here)/../tales=0.5"), ("tales=0.5", "tales=0.5"),
            ("a/b, letters,/c/d=2", "\(here)/a/b,letters,/c/d=2"), ("~/tales", "~/tales"), ("none", "none"),
        ].enumerated() {
            try folder.write(
                "{description: A., template: '{{document}}', adapter: '\(adapter)'}", to: "kind\(number).yaml")
            let definition = try JobCatalog(userFolder: folder.url).definition(named: "kind\(number)")
            #expect(definition.adapter == expected)
            #expect(try JobDefinition(yaml: definition.yaml, kind: definition.name).adapter == adapter)
        }
    }

    @Test("a broken file takes its own kind with it, and no other")
    func brokenFile() throws {
        try folder.write("description: [", to: "summarize.yaml")
        try folder.write("{description: New., template: 'H: {{document}}'}", to: "haiku.yaml")
        let catalog = JobCatalog(userFolder: folder.url)
        #expect(
            catalog.kinds == [
                "answer", "answer-quote", "code", "dialogue", "generate", "haiku", "keywords", "mlperf-summarize",
                "outline", "paraphrase", "quiz", "summarize-quote",
            ])
        #expect(catalog.problems.count == 1)
        let text = message { _ = try catalog.definition(named: "summarize") }
        #expect(text == catalog.problems.first?.description)
        #expect(
            text.hasSuffix("/summarize.yaml, line 2: while parsing a flow node, did not find expected node content"))
    }

    @Test("a definition's file that is a folder, a pipe, a broken link or oddly named is reported, without waiting")
    func oddFiles() throws {
        let manager = FileManager.default
        try manager.createDirectory(at: folder.url.appending(path: "a.yaml"), withIntermediateDirectories: false)
        #expect(mkfifo(folder.url.appending(path: "b.yaml").path, 0o600) == 0)
        try manager.createSymbolicLink(atPath: folder.url.appending(path: "c.yaml").path, withDestinationPath: "none")
        try folder.write("{description: x, template: y}", to: "D d.yaml")
        let problems = JobCatalog(userFolder: folder.url).problems.map(\.description)
            .map { $0.replacing(folder.url.path + "/", with: "") }
        #expect(
            problems == [
                "D d.yaml: a kind's name is small letters, digits, '-' and '_', at most 64: rename the file",
                "a.yaml: not a file", "b.yaml: not a file", "c.yaml: a link to nothing",
            ])
    }

    @Test("a folder that isn't there or isn't a folder leaves the built-in kinds")
    func noFolder() throws {
        #expect(JobCatalog(userFolder: folder.url.appending(path: "none")).problems.isEmpty)
        try folder.write("x", to: "file")
        let catalog = JobCatalog(userFolder: folder.url.appending(path: "file"))
        #expect(catalog.kinds == JobCatalog().kinds && catalog.problems.count == 1)
    }
}
