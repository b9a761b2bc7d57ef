import Foundation
import TestSupport
import Testing

@Suite("README")
struct ReadmeTests {
    @Test("the quick start works as it's written")
    func quickStart() throws {
        let readme = try String(contentsOf: Repository.root.appending(path: "README.md"), encoding: .utf8)
        let marker = try #require(readme.range(of: "<!-- A test runs the next block as it stands. -->\n```sh\n"))
        let end = try #require(readme.range(of: "```", range: marker.upperBound..<readme.endIndex))
        let script = String(readme[marker.upperBound..<end.lowerBound])

        // A folder with what a clone has, so that the queue isn't left in the repository.
        let folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-readme-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createSymbolicLink(
            at: folder.appending(path: "Extras"), withDestinationURL: Repository.root.appending(path: "Extras"))

        let path = "\(CommandLine.executable.deletingLastPathComponent().path):/usr/bin:/bin"
        let outcome = try CommandLine(
            environment: ["PATH": path], folder: folder, executable: URL(filePath: "/bin/bash")
        ).run(["-euo", "pipefail", "-c", script])
        #expect(outcome.status == 0, "\(outcome.errors)")
        for kind in ["summarize", "answer", "paraphrase"] { #expect(outcome.output.contains(kind)) }
        #expect(outcome.errors.contains("5 completed"))
    }
}
