import ChildProcesses
import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension ChildProcess {
    /// Starts `executable`; what it prints on both streams is appended to the file `output`.
    ///
    /// - parameter environment: in place of this process's own.
    convenience init(
        _ executable: String, _ arguments: [String], output: String, environment: [String: String]? = nil
    ) throws {
        let file = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw ProofError("can't write \(output): \(String(cString: strerror(errno)))") }
        defer { close(file) }
        try self.init(
            executable, arguments, environment: environment, output: .descriptor(file), errors: .descriptor(file))
    }

    /// Waits for the end.
    ///
    /// - throws: ``ProofError`` when it takes longer; the process is killed then.
    @discardableResult
    func end(within seconds: Double) throws -> End {
        if let end = waitOrKill(seconds: seconds) { return end }
        throw ProofError("process \(id) did not end within \(seconds) s")
    }
}
