import ArgumentParser
import Foundation
import JobStore

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "What happened to one job; with -f until it has ended.",
        discussion: """
            The job's events, as 'nightshift events --job' has them, and the end of each attempt. With --follow the progress of \
            a running job, too, and the result's text at the end. Exit codes with --follow: 0 completed, 1 not.

            EXAMPLES
              nightshift logs 12
              nightshift logs 12 -f
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The job's id.")
    var id: Int64

    @Flag(name: .shortAndLong, help: "Go on until the job has ended.")
    var follow = false

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        guard try await store.job(id) != nil else { throw CommandError(.noInput, "there is no job \(id)") }
        var filter = EventFilter(jobID: id)
        let style = Console.outputStyle
        var lastChange: Int64?
        var toldProgress = 0
        while true {
            let change = try await store.changeCounter()
            if change != lastChange {
                lastChange = change
                for event in try await store.events(filter, limit: 1000) {
                    try Console.print(event.line(style: style))
                    filter.afterID = event.id
                    toldProgress = 0
                }
                guard let job = try await store.job(id) else { throw CommandError(.noInput, "job \(id) was deleted") }
                // In steps that a person cares about.
                let percent = job.job.state == "running" ? Int(10 * (job.job.progress ?? 0)) * 10 : 0
                if follow, percent > toldProgress {
                    toldProgress = percent
                    try Console.print("\(LocalTime.text(Date()))  job \(id)  \(percent) %")
                }
                if !follow { return }
                if job.job.finalizedAt != nil {
                    guard let result = job.result else { throw CommandError(.someFailed, "") }
                    return try Console.printForeign(result.text)
                }
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
