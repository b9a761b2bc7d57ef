import ChildProcesses
import Foundation

/// Which worker processes a proof starts.
package enum WorkerKind: Sendable {
    /// This program's own, with the stand-in engine.
    case standIn
    /// The product with a model, as its users run it.
    case product(executable: String, model: String)

    /// This program's file, also when it was found on the PATH.
    static var ownExecutable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    /// - parameter arguments: what both kinds understand
    func start(
        database: String, output: String, _ arguments: [String] = [], environment: [String: String] = [:]
    ) throws -> ChildProcess {
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("NIGHTSHIFT") }
        variables.merge(environment) { $1 }
        return switch self {
        case .standIn:
            try ChildProcess(
                Self.ownExecutable, ["work", "--db", database] + arguments, output: output, environment: variables)
        case .product(let executable, let model):
            try ChildProcess(
                executable, ["work", "--db", database, "--model", model, "--threads", "1"] + arguments, output: output,
                environment: variables)
        }
    }
}
