internal import ChildProcesses
public import Foundation

/// Another program that a test runs to its end. It is killed with all that it has started when it takes too long: a test that
/// waits for ever would keep the others from being told of.
public struct TestProgram {
    /// Five minutes, for what takes a second: many tests run at once, and machines are slow.
    public static let patience = 300.0

    public struct TooSlow: Error, CustomStringConvertible {
        public let description: String
    }

    private var program: ProgramRun

    public init(
        _ path: String, _ arguments: [String], environment: [String: String]? = nil, folder: URL? = nil,
        seconds: Double = Self.patience
    ) {
        program = ProgramRun(path, arguments)
        program.environment = environment
        program.folder = folder?.path(percentEncoded: false)
        program.seconds = seconds
    }

    /// Runs it; `text` is what it wrote on standard output, and on standard error where that is asked for.
    ///
    /// - parameter input: a file to read.
    public func run(input: FileHandle? = nil, joiningErrors: Bool = false) throws -> (text: String, status: Int32) {
        var program = program
        if let input { program.input = .descriptor(input.fileDescriptor) }
        program.joinsErrors = joiningErrors
        do throws(ProgramRun.Failure) {
            let outcome = try program.run()
            return (String(decoding: outcome.output, as: UTF8.self), outcome.end.status)
        } catch {
            guard case .tooSlow(let seconds, let output, let errors) = error else { throw error }
            throw TooSlow(
                description: """
                    \(program.path) \(program.arguments.joined(separator: " ")): not at its end after \(seconds) s; it has written:
                    \(String(decoding: output + errors, as: UTF8.self))
                    """)
        }
    }
}

/// A sqlite3 prompt that has done what it was told first and waits for more.
public final class OpenPrompt {
    private let process: ChildProcess
    private var input: ChildPipe
    public var id: Int32 { process.id }

    /// - parameter sql: with at least one row to print, which is waited for.
    public init(_ path: String, _ sql: String) throws {
        input = try ChildPipe()
        var output = try ChildPipe()
        process = try ChildProcess(
            SQLitePrompt.executable ?? "/usr/bin/sqlite3", [path], input: .descriptor(input.readEnd),
            output: .descriptor(output.writeEnd))
        output.closeWriteEnd()
        input.closeReadEnd()
        try FileHandle(fileDescriptor: input.writeEnd).write(contentsOf: Data("\(sql)\n".utf8))
        var byte: UInt8 = 0
        _ = read(output.readEnd, &byte, 1)
    }

    /// Leaves it; what was not committed is rolled back.
    public func end() {
        input.closeWriteEnd()
        _ = process.waitOrKill(seconds: TestProgram.patience)
    }
}
