import ArgumentParser
import Foundation
import JSONText
import JobStore

struct QueueSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Limit a queue: when its jobs run, how many, how fast, how long.",
        discussion: """
            Limits hold across all workers, and from now on. 'none' takes one away. A name that is new makes a queue.

            A window is open while the clock on the wall shows a time within it, so in the nights the clocks change it is \
            an hour longer or shorter. What runs when it closes is finished, or with --at-end interrupt handed back and \
            begun anew when it opens again.

            EXAMPLES
              nightshift queue set night --window 22:00-06:00 --days mon-fri --at-end interrupt
              nightshift queue set contracts --concurrency 4 --rate 10/m --timeout 30m
              nightshift queue set night --window none
              sqlite3 "$(nightshift paths queue)" "UPDATE queues SET rate_count=10, rate_seconds=60 WHERE name='night'"
            """)

    enum End: String, CaseIterable, ExpressibleByArgument {
        case finish, interrupt
    }

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The queue.")
    var name: String

    @Option(help: ArgumentHelp("The hours its jobs run in, local time: 22:00-06:00.", valueName: "hours"))
    var window: String?

    @Option(help: ArgumentHelp("The days the window opens on: mon-fri, sat,sun, all.", valueName: "days"))
    var days: String?

    @Option(help: "What becomes of running jobs when the window closes.")
    var atEnd: End?

    @Option(help: ArgumentHelp("The most jobs that run at once.", valueName: "number"))
    var concurrency: String?

    @Option(help: ArgumentHelp("The most jobs that start in a time: 10/m, 100/h, 5/30s.", valueName: "rate"))
    var rate: String?

    @Option(help: ArgumentHelp("The longest a job may run before its attempt fails: 90s, 30m.", valueName: "duration"))
    var timeout: String?

    @Flag(help: "Print the queue's limits as an object.")
    var json = false

    func validate() throws {
        guard (1...128).contains(name.count) else { throw ValidationError("a queue's name has 1 to 128 characters") }
    }

    func run() async throws {
        let change = try change()
        guard !change.isEmpty else {
            throw CommandError(
                .usage, "nothing to set; name --window, --days, --at-end, --concurrency, --rate or --timeout")
        }
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        try await store.change(queue: name, change)
        guard let limits = try await store.queueLimits().first(where: { $0.queue == name }) else { return }
        if json { return try Console.print(DelimitedText.json(.object(try RowEncoder.object(limits)))) }
        Console.noteForeign("queue '\(name)': \(limits.summary)")
    }

    private func change() throws -> QueueChange {
        func setting<Value>(_ text: String?, _ read: (String) throws -> Value) rethrows -> QueueChange.Setting<Value>? {
            try text.map { $0.lowercased() == "none" ? .clear : .set(try read($0)) }
        }
        var change = QueueChange()
        change.window = try setting(window, WindowExpression.window)
        change.days = try days.map(WindowExpression.days)
        change.interruptsAtEnd = atEnd.map { $0 == .interrupt }
        change.rate = try setting(rate, WindowExpression.rate)
        change.timeoutSeconds = try setting(timeout, TimeExpression.timeout)
        change.concurrency = try setting(concurrency) { text in
            guard let number = Int(text), (1...1_000_000).contains(number) else {
                throw CommandError(.usage, "--concurrency takes 1 or more, or none")
            }
            return number
        }
        return change
    }
}

extension QueueLimitsRow {
    /// "22:00-06:00 mon-fri, then interrupted; 4 at once; 10/m", or "no limits".
    fileprivate var summary: String {
        var parts: [String] = []
        if let window {
            let on = days == "0123456" ? "" : " \(WindowExpression.dayNames(days))"
            parts.append("runs \(window)\(on), then jobs are \(atEnd == "interrupt" ? "handed back" : "finished")")
        }
        if let concurrency { parts.append("\(concurrency) at once") }
        if let rate { parts.append("starts \(rate)") }
        if let timeout { parts.append("\(timeout.formatted(.number.grouping(.never))) s a job at most") }
        if paused { parts.append("paused") }
        return parts.isEmpty ? "no limits" : parts.joined(separator: "; ")
    }
}
