import Foundation
import JSONText
import Synchronization

/// Runs the built `nightshift` as a user would.
struct CommandLine {
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }
        var objects: [JSONValue] { get throws { try lines.map { try JSONParser.parse($0) } } }
    }

    /// The executable lies beside the test bundle.
    static let executable: URL = {
        let bundle = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        let folder =
            bundle?.deletingLastPathComponent()
            ?? URL(filePath: Swift.CommandLine.arguments[0]).deletingLastPathComponent()
        return folder.appending(path: "nightshift")
    }()

    var environment: [String: String] = [:]
    var folder = FileManager.default.temporaryDirectory
    /// Another program than nightshift, run in the same way.
    var executable = Self.executable

    /// A command that ends before it has read its input must not end the tests.
    private static let ignoresBrokenPipes: Void = { signal(SIGPIPE, SIG_IGN) }()

    @discardableResult
    func run(_ arguments: [String], input: String = "") throws -> Outcome {
        Self.ignoresBrokenPipes
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = folder
        // Nothing of the tester's own configuration reaches the command.
        var variables = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("NIGHTSHIFT") && !$0.key.hasPrefix("XDG")
        }
        variables["HOME"] = folder.path
        process.environment = variables.merging(environment) { $1 }
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (stdin, stdout, stderr)
        try process.run()
        // All three pipes at once: a full one would stop the command.
        let texts = Mutex<[Int: Data]>([:])
        let group = DispatchGroup()
        for (index, pipe) in [stdout, stderr].enumerated() {
            DispatchQueue.global().async(group: group) {
                let data = pipe.fileHandleForReading.readDataToEndOfFile()
                texts.withLock { $0[index] = data }
            }
        }
        DispatchQueue.global().async(group: group) {
            try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try? stdin.fileHandleForWriting.close()
        }
        group.wait()
        process.waitUntilExit()
        let found = texts.withLock { $0 }
        return Outcome(
            status: process.terminationStatus, output: String(decoding: found[0] ?? Data(), as: UTF8.self),
            errors: String(decoding: found[1] ?? Data(), as: UTF8.self))
    }
}
