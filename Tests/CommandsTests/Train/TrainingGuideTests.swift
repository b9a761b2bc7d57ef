import Foundation
import TestSupport
import Testing

@Suite("Docs/training.md")
struct TrainingGuideTests {
    @Test("the example works as it's written")
    func example() throws {
        let guide = try String(contentsOf: Repository.root.appending(path: "Docs/training.md"), encoding: .utf8)
        let marker = try #require(guide.range(of: "<!-- A test runs the next block as it stands. -->\n```sh\n"))
        let end = try #require(guide.range(of: "```", range: marker.upperBound..<guide.endIndex))
        let script = String(guide[marker.upperBound..<end.lowerBound])

        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-guide-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["Docs", "README.md"] {
            try FileManager.default.createSymbolicLink(
                at: folder.appending(path: name), withDestinationURL: Repository.root.appending(path: name))
        }
        let path = "\(CommandLine.executable.deletingLastPathComponent().path):/usr/bin:/bin"
        let outcome = try CommandLine(
            environment: ["PATH": path], folder: folder, executable: URL(filePath: "/bin/bash")
        ).run(["-euo", "pipefail", "-c", script])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("tokenizer: 1,024 tokens (2 special, 766 merges)"))
        #expect(outcome.output.contains("tiny: the model after step 40; the best, dev loss "))
        #expect(outcome.output.contains("tuned: the model after step 20"))
        #expect(outcome.output.contains("\"finish_reason\""))
    }
}
