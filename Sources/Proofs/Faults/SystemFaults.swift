import ChildProcesses
import Foundation

/// A library that is preloaded into workers, compiled from the C source beside this file.
struct SystemFaults {
    private let library: String

    /// - returns: `nil` where there is no C compiler.
    init?(in folder: ProofFolder) throws {
        // Swift's own clang, where there is no other.
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
        let compilers = ["cc", "gcc", "clang"].flatMap { name in folders.map { "\($0)/\(name)" } }
        guard let compiler = compilers.first(where: FileManager.default.isExecutableFile) else { return nil }
        let source = folder.path("system_faults.c")
        try Data(PackageResources.system_faults_c_txt).write(to: URL(filePath: source))
        library = folder.path("system_faults.so")
        let log = folder.path("compiler.txt")
        let end = try ChildProcess(
            compiler, ["-shared", "-fPIC", "-O2", source, "-o", library, "-ldl"], output: log
        ).end(within: 120)
        guard end == .exited(0) else {
            throw ProofError("\(compiler): \((try? String(contentsOfFile: log, encoding: .utf8)) ?? "\(end)")")
        }
    }

    /// Every so many writes of a queue's file or log fail; each leaves a byte in `failures`.
    func failing(every count: Int, failures: String) -> [String: String] {
        [
            "LD_PRELOAD": library, "PROOF_PATH": "queue.db", "PROOF_FAIL_EVERY": "\(count)",
            "PROOF_FAILURES": failures,
        ]
    }

    /// Whoever opens a queue's file leaves a line in `openers`.
    func watching(openers: String) -> [String: String] {
        ["LD_PRELOAD": library, "PROOF_PATH": "queue.db", "PROOF_OPENERS": openers]
    }

    /// The wall clock is off by what `clock` says.
    func setting(_ clock: FakeClock) -> [String: String] {
        ["LD_PRELOAD": library, "PROOF_CLOCK": clock.path]
    }
}

/// A wall clock of worker processes that can be set while they work.
final class FakeClock {
    let path: String
    private let file: FileHandle

    init(in folder: ProofFolder) throws {
        path = folder.path("clock")
        try Data(count: MemoryLayout<Double>.size).write(to: URL(filePath: path))
        file = try FileHandle(forUpdating: URL(filePath: path))
    }

    /// - parameter seconds: how far the clock is ahead of the machine's
    func set(_ seconds: Double) throws {
        try file.seek(toOffset: 0)
        try file.write(contentsOf: withUnsafeBytes(of: seconds) { Data($0) })
    }
}
