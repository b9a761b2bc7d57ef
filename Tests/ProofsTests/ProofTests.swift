import Foundation
import Proofs
import TestSupport
import Testing

/// A share of each proof, by the command that runs the whole of it. What a proof prints is printed here, so that a failure
/// can be repeated with its seed.
///
/// Two at a time: most of the time of those that wait for leases, grace and clocks is nobody's.
private enum Proof {
    /// Some take a minute on two cores.
    static let patience = 900.0

    /// The executable lies beside the test bundle.
    static let folder: URL = {
        let bundle = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        return bundle?.deletingLastPathComponent()
            ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    }()

    static func prove(_ arguments: String...) async throws {
        // On a thread of its own: those that tests share have other tests to run meanwhile.
        let (status, text) = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try run(arguments) }) }
        }
        print(text)
        #expect(status == 0, "nightshift-proof \(arguments.joined(separator: " ")):\n\(text)")
        #expect(text.contains("nothing was lost"))
    }

    private static func run(_ arguments: [String]) throws -> (status: Int32, text: String) {
        let (text, status) = try TestProgram(
            folder.appending(path: "nightshift-proof").path(percentEncoded: false), arguments,
            seconds: patience
        ).run(joiningErrors: true)
        return (status, text)
    }
}

@Suite("The proofs that keep the processor busy, in small", .serialized)
struct BusyProofTests {
    @Test("300 workers are killed at work, and no job is lost or doubled")
    func kill() async throws { try await Proof.prove("kill", "--kills", "300") }

    @Test("workers with the real engine are killed, and no job is lost or doubled")
    func killProduct() async throws {
        try await Proof.prove(
            "kill", "--kills", "25", "--workers", "3", "--nightshift", Proof.folder.appending(path: "nightshift").path,
            "--model", Repository.referenceModel.path)
    }

    @Test("after a power cut at any byte of the log, the queue is whole")
    func power() async throws { try await Proof.prove("power", "--prefixes", "300") }

    @Test("random sequences of operations agree with a model of the queue")
    func sequences() async throws { try await Proof.prove("sequences", "--count", "1000") }

    @Test("a pipe whose answers nobody takes waits, and one that is killed goes on")
    func pipes() async throws { try await Proof.prove("pipes", "--lines", "6000", "--kills", "5") }
}

@Suite("The proofs that wait most of the time, in small", .serialized)
struct PatientProofTests {
    @Test("wrong files, full and failing disks and held locks lose nothing")
    func faults() async throws { try await Proof.prove("faults", "--lock-seconds", "11") }

    @Test("an engine that hangs or crashes costs its own job and no other")
    func engineFaults() async throws { try await Proof.prove("engine", "--jobs", "20") }

    @Test("signals end a worker with nothing half-written")
    func signals() async throws { try await Proof.prove("signals") }

    @Test("clocks that are set, nights that change them, and workers that sleep lose nothing")
    func clocks() async throws { try await Proof.prove("clock") }

    @Test("a rate and a concurrency hold across processes")
    func rates() async throws { try await Proof.prove("rates", "--jobs", "60") }
}
