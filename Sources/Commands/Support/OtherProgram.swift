import ChildProcesses
import Foundation

/// Another program on the PATH, run to its end.
struct OtherProgram {
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    let name: String
    private let path: String

    /// - parameter purpose: what it's for, for the message where it isn't there.
    /// - throws: ``CommandError`` (69) where it isn't on the PATH.
    init(_ name: String, purpose: String) throws {
        guard let path = ProgramRun.path(of: name) else {
            throw CommandError(.unavailable, "'\(name)' isn't on the PATH: \(purpose)")
        }
        (self.name, self.path) = (name, path)
    }

    func run(_ arguments: [String]) throws -> Outcome {
        do throws(ProgramRun.Failure) {
            let outcome = try ProgramRun(path, arguments).run()
            return Outcome(
                status: outcome.end.status, output: String(decoding: outcome.output, as: UTF8.self),
                errors: String(decoding: outcome.errors, as: UTF8.self)
                    .trimmingCharacters(in: .whitespacesAndNewlines))
        } catch {
            guard case .cannotStart(let reason) = error else { preconditionFailure("there was no limit") }
            throw CommandError(.unavailable, "\(path) can't be run: \(reason)")
        }
    }

    /// Runs it, and takes any exit code but 0 for a failure.
    ///
    /// - throws: ``CommandError`` (69) with what it said.
    func require(_ arguments: [String]) throws -> String {
        let outcome = try run(arguments)
        guard outcome.status == 0 else {
            let said = outcome.errors.isEmpty ? "exit code \(outcome.status)" : outcome.errors
            throw CommandError(.unavailable, "\(name): \(said)")
        }
        return outcome.output
    }
}
