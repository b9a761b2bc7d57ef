public import ArgumentParser
import Foundation

/// The command `nightshift`.
public struct Nightshift: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "nightshift",
        abstract: "Turns a pile of documents into summaries, paraphrases and answers overnight, on your own machine.",
        version: Version.current,
        subcommands: [
            InitCommand.self, AddCommand.self, WorkCommand.self, RunCommand.self, StatusCommand.self,
            WatchCommand.self, EtaCommand.self, WaitCommand.self, LogsCommand.self, StatsCommand.self,
            ReportCommand.self,
            ListCommand.self, ShowCommand.self, ResultsCommand.self, ResultCommand.self, CancelCommand.self,
            RetryCommand.self, HoldCommand.self, ReleaseCommand.self, ReprioritizeCommand.self, BatchCommand.self,
            ScheduleCommand.self, KindsCommand.self, QueueCommand.self, ModelCommand.self, EvaluateCommand.self,
            PathsCommand.self,
            DoctorCommand.self, EventsCommand.self, BackupCommand.self, PruneCommand.self, MigrateCommand.self,
            ImportCommand.self, ExportCommand.self, PipeCommand.self, SplitCommand.self, MergeCommand.self,
            CompletionsCommand.self, TokenizerCommand.self, TrainCommand.self,
            EngineCommand.self,
        ])

    public init() {}
}

extension AsyncParsableCommand {
    /// Parses the arguments, runs the command and ends the process with a lawful exit code.
    package static func runAndExit() async -> Never {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            exit(withError: nil)
        } catch {
            guard let failure = Failure(error) else { exit(withError: error) }
            if !failure.message.isEmpty { Console.note("nightshift: \(failure.message)") }
            Foundation.exit(failure.status.rawValue)
        }
    }
}
