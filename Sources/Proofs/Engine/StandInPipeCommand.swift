import ArgumentParser
import Bulk
import Commands
import Foundation

/// `nightshift pipe` with the stand-in engine.
struct StandInPipeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipe", abstract: "Answer JSON lines with an engine that takes no time.", shouldDisplay: false)

    @Option(name: .shortAndLong) var jobs = 32
    @Option(help: "Seconds that a token takes.") var step = 0.0
    @Option var resume: String?

    func run() async throws {
        let answers = try resume.flatMap { try EarlierAnswers(at: $0, retryingErrors: false) }
        let session = try PipeSession(
            engine: StandInEngine.make(secondsPerStep: step, rows: jobs), parser: .ofPipe(JobLineParser.Defaults()),
            held: jobs, grace: 30, answered: answers?.names)
        try await session.run().announce(isQuiet: false)
    }
}
