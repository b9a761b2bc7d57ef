public import ArgumentParser
import Foundation

/// The command `nightshift`.
public struct Nightshift: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "nightshift",
        abstract: "Turns a pile of documents into summaries, paraphrases and answers overnight, on your own machine.",
        discussion: """
            Kinds of jobs, models and queues are completed at the shell (make install). Every command takes --config FILE and \
            --color auto|always|never. 'nightshift help COMMAND' shows examples, and there is a manual page for each command.

            EXAMPLES
              nightshift init
              nightshift add summarize notes/*.txt
              nightshift work --drain
              nightshift results
            """,
        version: Version.current,
        subcommands: [
            InitCommand.self, AddCommand.self, WorkCommand.self, RunCommand.self, StatusCommand.self,
            WatchCommand.self, EtaCommand.self, WaitCommand.self, LogsCommand.self, StatsCommand.self,
            ReportCommand.self, ListCommand.self, ShowCommand.self, ResultsCommand.self, ResultCommand.self,
            ReviewCommand.self, CancelCommand.self,
            RetryCommand.self, HoldCommand.self, ReleaseCommand.self, ReprioritizeCommand.self, BatchCommand.self,
            ScheduleCommand.self, KindsCommand.self, TemplateCommand.self, QueueCommand.self, ModelCommand.self,
            EvaluateCommand.self, PathsCommand.self, ConfigCommand.self,
            DoctorCommand.self, EventsCommand.self, BackupCommand.self, PruneCommand.self, MigrateCommand.self,
            TextCommand.self, ImportCommand.self, ExportCommand.self, PipeCommand.self, SplitCommand.self,
            MergeCommand.self, SlurmCommand.self, PlanCommand.self,
            CompletionsCommand.self, ManCommand.self, TokenizerCommand.self, TrainCommand.self, TuneCommand.self,
            EngineCommand.self,
        ])

    @OptionGroup(title: "Options of every command") var global: GlobalOptions

    public init() {}

    /// A command as its arguments make it, without running it.
    package static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        var arguments = arguments
        try GlobalOptions.take(outOf: &arguments)
        return try parseAsRoot(arguments)
    }
}

/// A command that must work where the configuration is broken, since it is there to find out or has nothing to do with it.
protocol WorksWithoutSettings {}

extension ConfigPathCommand: WorksWithoutSettings {}
extension ConfigCheckCommand: WorksWithoutSettings {}
extension ConfigInitCommand: WorksWithoutSettings {}
extension CompletionsCommand: WorksWithoutSettings {}

extension AsyncParsableCommand {
    /// Parses the arguments, runs the command and ends the process with a lawful exit code.
    package static func runAndExit() async -> Never {
        do {
            var arguments = Array(CommandLine.arguments.dropFirst())
            let isNightshift = Self.self == Nightshift.self
            if isNightshift {
                try GlobalOptions.take(outOf: &arguments)
                if Set(arguments) == ["--version", "--json"] { return try Version.printFacts() }
                try CommandNames.check(arguments, of: Nightshift.self)
            }
            // Before parsing, since completions look into it, too; what is wrong in it matters only to who needs it.
            let settings = Result {
                try Settings.load(
                    option: GlobalOptions.current.config,
                    environment: ProcessInfo.processInfo.environment)
            }
            var command = try parseAsRoot(arguments)
            let isHelp = arguments.first == "help"
            if isNightshift, !isHelp, !(command is any WorksWithoutSettings) { try settings.get() }
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
