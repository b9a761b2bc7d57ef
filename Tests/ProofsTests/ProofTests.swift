import Foundation
import Proofs
import TestSupport
import Testing

/// A share of each proof, by the command that runs the whole of it. What a proof prints is printed here, so that a failure
/// can be repeated with its seed.
@Suite("The proofs, in small", .serialized)
struct ProofTests {
    /// The executable lies beside the test bundle.
    private static let folder: URL = {
        let bundle = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        return bundle?.deletingLastPathComponent()
            ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    }()

    private func prove(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = Self.folder.appending(path: "nightshift-proof")
        process.arguments = arguments
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        print(text)
        #expect(process.terminationStatus == 0, "nightshift-proof \(arguments.joined(separator: " ")):\n\(text)")
        #expect(text.contains("nothing was lost"))
    }

    @Test("300 workers are killed at work, and no job is lost or doubled")
    func kill() throws { try prove("kill", "--kills", "300") }

    @Test("workers with the real engine are killed, and no job is lost or doubled")
    func killProduct() throws {
        try prove(
            "kill", "--kills", "25", "--workers", "3", "--nightshift", Self.folder.appending(path: "nightshift").path,
            "--model", Repository.referenceModel.path)
    }

    @Test("after a power cut at any byte of the log, the queue is whole")
    func power() throws { try prove("power", "--prefixes", "300") }

    @Test("random sequences of operations agree with a model of the queue")
    func sequences() throws { try prove("sequences", "--count", "1000") }

    @Test("wrong files, full and failing disks and held locks lose nothing")
    func faults() throws { try prove("faults", "--lock-seconds", "11") }

    @Test("an engine that hangs or crashes costs its own job and no other")
    func engineFaults() throws { try prove("engine", "--jobs", "20") }

    @Test("signals end a worker with nothing half-written")
    func signals() throws { try prove("signals") }

    @Test("clocks that are set and workers that sleep lose nothing")
    func clocks() throws { try prove("clock") }

    @Test("a pipe whose answers nobody takes waits, and one that is killed goes on")
    func pipes() throws { try prove("pipes", "--lines", "6000", "--kills", "5") }

    @Test("a rate and a concurrency hold across processes")
    func rates() throws { try prove("rates", "--jobs", "60") }
}
