import Foundation
import TestSupport
import Testing

@Suite("Tutorial")
struct TutorialTests {
    /// A block of commands and what it must print, where the page says so.
    private struct Step {
        var script: String
        var output: String?
    }

    @Test("it works as it's written, and prints what it says")
    func tutorial() throws {
        let steps = try Self.steps(
            of: String(contentsOf: Repository.root.appending(path: "Docs/tutorial.md"), encoding: .utf8))
        #expect(steps.count > 10 && steps.count { $0.output != nil } > 6)
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-tutorial-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createSymbolicLink(
            at: folder.appending(path: "Extras"), withDestinationURL: Repository.root.appending(path: "Extras"))

        // One shell for all of it, as a reader has; each step's output in a file of its own.
        let script = steps.enumerated().map { "{\n\($1.script)\n} > step.\($0)\n" }.joined()
        let path = "\(CommandLine.executable.deletingLastPathComponent().path):/usr/bin:/bin"
        let outcome = try CommandLine(
            environment: ["PATH": path], folder: folder, executable: URL(filePath: "/bin/bash")
        ).run(["-euo", "pipefail", "-c", script])
        #expect(outcome.status == 0, "\(outcome.errors)")
        for (index, step) in steps.enumerated() {
            guard let expected = step.output else { continue }
            let output = try String(contentsOf: folder.appending(path: "step.\(index)"), encoding: .utf8)
            #expect(output == expected, "after:\n\(step.script)")
        }
        let results = try String(contentsOf: folder.appending(path: "step.\(steps.count - 1)"), encoding: .utf8)
        #expect(!results.isEmpty)
    }

    private static func steps(of page: String) throws -> [Step] {
        var steps: [Step] = []
        let parts = page.components(separatedBy: "```")
        // Between fences: prose, block, prose, block, ...
        for block in stride(from: 1, to: parts.count, by: 2).map({ parts[$0] }) {
            let (kind, text) = (block.prefix { $0 != "\n" }, String(block.drop { $0 != "\n" }.dropFirst()))
            switch kind {
            case "sh": steps.append(Step(script: text))
            case "text": steps[steps.count - 1].output = text
            default: break
            }
        }
        return steps
    }
}
