import Foundation
import JSONText

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

    /// Runs to the end.
    @discardableResult
    func run(_ arguments: [String], input: String = "") throws -> Outcome {
        try start(arguments, input: input).wait()
    }

    /// Starts, and goes on.
    func start(_ arguments: [String], input: String = "") throws -> RunningCommand {
        // Nothing of the tester's own configuration reaches the command.
        var variables = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("NIGHTSHIFT") && !$0.key.hasPrefix("XDG")
                && !["NO_COLOR", "CLICOLOR_FORCE"].contains($0.key)
        }
        variables["HOME"] = folder.path
        return try RunningCommand(
            executable.path(percentEncoded: false), arguments,
            environment: variables.merging(environment) { $1 }, folder: folder.path(percentEncoded: false),
            input: input)
    }
}
