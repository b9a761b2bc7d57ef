import Foundation

/// Another program on the PATH, run to its end.
struct OtherProgram {
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    let name: String
    private let url: URL

    /// - parameter purpose: what it's for, for the message where it isn't there.
    /// - throws: ``CommandError`` (69) where it isn't on the PATH.
    init(_ name: String, purpose: String) throws {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let candidates = folders.map { URL(filePath: String($0)).appending(path: name) }
        guard let url = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
            throw CommandError(.unavailable, "'\(name)' isn't on the PATH: \(purpose)")
        }
        (self.name, self.url) = (name, url)
    }

    func run(_ arguments: [String]) throws -> Outcome {
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = url
        process.arguments = arguments
        (process.standardInput, process.standardOutput, process.standardError) = (
            FileHandle.nullDevice, output, errors
        )
        do {
            try process.run()
        } catch {
            throw CommandError(.unavailable, "\(url.path) can't be run: \(error.localizedDescription)")
        }
        // Both at once: a full pipe would stop it.
        let box = Gathered()
        let reader = Thread { box.finish(errors.fileHandleForReading.readDataToEndOfFile()) }
        reader.start()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaints = box.wait()
        process.waitUntilExit()
        let isKilled = process.terminationReason == .uncaughtSignal
        return Outcome(
            status: process.terminationStatus + (isKilled ? 128 : 0), output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: complaints, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
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

    /// What one thread reads for another.
    private final class Gathered: @unchecked Sendable {
        // Written once, before the semaphore is raised; read after it.
        private var data = Data()
        private let semaphore = DispatchSemaphore(value: 0)

        func finish(_ data: Data) {
            self.data = data
            semaphore.signal()
        }

        func wait() -> Data {
            semaphore.wait()
            return data
        }
    }
}
