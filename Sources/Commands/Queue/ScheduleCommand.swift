import ArgumentParser
import Documents
import Foundation
import JSONText
import JobCatalog
import JobStore

struct ScheduleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Add a job again and again, by a schedule.",
        discussion: """
            Any running worker adds the jobs, each once, however many workers there are. What was missed while none ran \
            is added once, when one starts.

            EXAMPLES
              nightshift schedule add digest '0 22 * * mon-fri' summarize notes.txt
              nightshift schedule list
              nightshift schedule rm digest
            """,
        subcommands: [
            ScheduleAddCommand.self, ScheduleListCommand.self, ScheduleRemoveCommand.self, SchedulePauseCommand.self,
            ScheduleResumeCommand.self,
        ])
}

struct ScheduleAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a schedule.",
        discussion: """
            The schedule is five fields: minute, hour, day of month, month, day of week; or @hourly, @daily, @weekly, \
            @monthly, @yearly. Times are local. In the nights the clocks change, a time of day occurs once: one that is \
            left out when the clock jumps over it, one that comes twice the first time.

            A document is read anew whenever a job is added, by the worker that adds it; where it can't be read then, the job \
            is there all the same, discarded with the reason. --keep-text keeps the text as it is now; standard input and \
            --text are kept in any case.

            EXAMPLES
              nightshift schedule add digest '0 22 * * mon-fri' summarize notes.txt -q night
              nightshift schedule add story @weekly generate --text 'Once upon a time' -o max_new_tokens=60
              nightshift schedule add tokyo '30 7 * * *' summarize news.txt --timezone Asia/Tokyo
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The schedule's name.")
    var name: String

    @Argument(help: ArgumentHelp("When, such as '30 22 * * mon-fri'.", valueName: "cron"))
    var cron: String

    @Argument(help: "What to do: a kind, as 'nightshift kinds' lists them.", completion: .kind)
    var kind: String

    @Argument(help: "The document; - for standard input.", completion: .file())
    var document: String?

    @Option(help: ArgumentHelp("A text to work on, in place of a document.", valueName: "text"))
    var text: String?

    @Flag(help: "Keep the document's text as it is now, in place of reading it each time.")
    var keepText = false

    @Option(help: ArgumentHelp("What is asked of the document.", valueName: "text"))
    var question: String?

    @Option(name: .shortAndLong, help: "The queue to add to.")
    var queue = "default"

    @Option(name: .shortAndLong, help: "0 runs first, 9 last.")
    var priority = 5

    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: ArgumentHelp("An option of the kind, or a decoding parameter; may be repeated.", valueName: "key=value"))
    var options: [String] = []

    @Option(help: ArgumentHelp("The place whose clock counts: local, or one such as Europe/Berlin.", valueName: "zone"))
    var timezone = "local"

    @Flag(help: "Add a job for every occurrence that was missed, the latest 100 at most, in place of one for all.")
    var catchUp = false

    @Flag(help: "Print the schedule as an object.")
    var json = false

    func validate() throws {
        guard (0...9).contains(priority) else { throw ValidationError("--priority takes 0 (first) to 9") }
        guard (1...128).contains(queue.count) else { throw ValidationError("a queue's name has 1 to 128 characters") }
        guard (1...128).contains(name.count) else { throw ValidationError("a schedule's name has 1 to 128 characters") }
        if document != nil, text != nil { throw ValidationError("choose one of a document and --text") }
    }

    func run() async throws {
        let expression: CronExpression
        do {
            expression = try CronExpression(cron)
        } catch {
            throw CommandError(.usage, error.description)
        }
        let schedule = NewSchedule(
            name: name, cron: expression, timezone: timezone, job: try job(), catchesUp: catchUp)
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        try await store.add(schedule, now: Date())
        guard let row = try await store.schedules().first(where: { $0.name == name }) else { return }
        if json { return try Console.print(DelimitedText.json(.object(try RowEncoder.object(row)))) }
        var text =
            "schedule '\(name)' adds its next job at \(row.nextRunAt.map(LocalTime.local) ?? "no time"), if a worker runs"
        if case .string(let path)? = schedule.job["path"] { text += "; it reads \(path) then" }
        Console.noteForeign(text)
    }

    /// The columns of its jobs, checked against their kind.
    private func job() throws -> JSONObject {
        let definition = try JobCatalog.ofUser.definition(named: kind)
        let intake = DocumentIntake(document.map { [$0] } ?? [], text: text)
        for problem in intake.problems { Console.noteForeign("nightshift: \(problem)") }
        guard intake.problems.isEmpty, intake.count <= 1 else {
            throw CommandError(.badData, "a schedule takes one document, and \(intake.count) were found")
        }
        let item = try intake.single()
        let inputs = JobInputs(
            document: item?.text, title: item?.title, question: question,
            options: try JobOptions.parse(arguments: options))
        try definition.validate(inputs)
        var job: JSONObject = [
            "kind": .string(kind), "queue": .string(queue), "priority": .integer(priority),
            "options": .object(JSONObject(inputs.options)),
        ]
        if let question { job["question"] = .string(question) }
        if !keepText, let path = intake.sources.first?.path {
            job["path"] = .string(path)
        } else {
            job["input"] = .string(item?.text ?? "")
            if let title = item?.title { job["metadata"] = .object(["document": .string(title)]) }
        }
        return job
    }
}

struct ScheduleListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The schedules, with their last and next time.",
        discussion: """
            EXAMPLES
              nightshift schedule list --json
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        func time(_ name: String) -> RowColumn {
            RowColumn(name: name, display: { LocalTime.short(LocalTime.local($0)) })
        }
        var printer = RowPrinter(
            [
                .text("name"), .text("cron"), RowColumn(name: "timezone", usual: "local"), .text("kind"),
                RowColumn(name: "queue", usual: "default"), RowColumn(name: "enabled", usual: "yes"),
                .hidden("catch_up"), time("last_run_at"), time("next_run_at"), .text("error", isFlexible: true),
                .hidden("job"),
            ], format: output.format, hasHeader: !output.noHeader)
        for schedule in try await store.schedules() { try printer.print(schedule) }
        try printer.finish(empty: "There are no schedules; add one with: nightshift schedule add NAME CRON KIND …")
    }
}

/// A schedule that a command is about.
struct ScheduleName: ParsableArguments {
    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The schedule's name.")
    var name: String

    /// - throws: ``CommandError`` (66) where `body` says that there is none of that name.
    func change(_ past: String, _ body: (JobStore, String) async throws -> Bool) async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        guard try await body(store, name) else {
            throw CommandError(.noInput, "there is no schedule '\(DisplayText.line(name, limit: 80))'")
        }
        Console.noteForeign("schedule '\(name)' \(past)")
    }
}

struct ScheduleRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove a schedule; the jobs it has added stay.",
        discussion: """
            EXAMPLES
              nightshift schedule rm digest
            """)

    @OptionGroup var schedule: ScheduleName

    func run() async throws { try await schedule.change("is removed") { try await $0.removeSchedule(named: $1) } }
}

struct SchedulePauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Add no more jobs by a schedule until it is resumed.",
        discussion: """
            EXAMPLES
              nightshift schedule pause digest
            """)

    @OptionGroup var schedule: ScheduleName

    func run() async throws {
        try await schedule.change("is paused") { try await $0.setSchedule(named: $1, isEnabled: false) }
    }
}

struct ScheduleResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let a paused schedule go on from now; what it missed isn't made up for.",
        discussion: """
            EXAMPLES
              nightshift schedule resume digest
            """)

    @OptionGroup var schedule: ScheduleName

    func run() async throws {
        try await schedule.change("goes on") { try await $0.setSchedule(named: $1, isEnabled: true) }
    }
}

extension DocumentSource {
    /// Of a file, wherever its reader works; `nil` for standard input.
    fileprivate var path: String? {
        switch self {
        case .file(let path): URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
        case .standardInput: nil
        }
    }
}
