internal import ChildProcesses
internal import Foundation

/// Another program that converts a document: bounded in time, memory and output, without access to the terminal, and ended
/// whatever happens.
struct Converter {
    /// Why it brought nothing.
    enum Failure: Error, Equatable {
        case notInstalled
        case cannotStart(String)
        case tooSlow(seconds: Double)
        case tooMuchOutput
        /// It ended by itself: what it wrote on standard error, and its exit status, negative for a signal.
        case failed(message: String, status: Int32)
    }

    let command: String
    let arguments: [String]
    let limits: ReadingOptions

    private static let maximumMessages = 16 << 10

    static func isInstalled(_ command: String) -> Bool { ProgramRun.path(of: command) != nil }

    /// Runs the program to its end.
    ///
    /// - parameter input: what it has as standard input, and may open as `/dev/stdin`.
    /// - returns: what it wrote on standard output.
    func run(input: Int32) throws(Failure) -> [UInt8] {
        guard let path = ProgramRun.path(of: command) else { throw .notInstalled }
        // The shell sets the limits, which hold for what it then becomes: `ulimit -v` is in KiB, `-t` in seconds of computing.
        let script = """
            ulimit -v \(limits.converterMemoryBytes >> 10) -t \(Int(limits.converterSeconds.rounded(.up))) 2>/dev/null
            ulimit -c 0 2>/dev/null
            exec "$0" "$@"
            """
        var program = ProgramRun("/bin/sh", ["-c", script, path] + arguments)
        program.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        program.input = .descriptor(input)
        program.seconds = limits.converterSeconds
        program.maximumOutputBytes = limits.maximumTextBytes
        program.maximumErrorBytes = Self.maximumMessages
        let outcome: ProgramRun.Outcome
        do {
            outcome = try program.run()
        } catch {
            throw switch error {
            case .cannotStart(let reason): .cannotStart(reason)
            case .tooSlow(let seconds, _, _): .tooSlow(seconds: seconds)
            case .tooMuchOutput: .tooMuchOutput
            }
        }
        let message = String(decoding: outcome.errors, as: UTF8.self)
        switch outcome.end {
        case .exited(0): return outcome.output
        case .exited(let status): throw .failed(message: message, status: status)
        case .killed(let signal): throw .failed(message: message, status: -signal)
        }
    }
}
