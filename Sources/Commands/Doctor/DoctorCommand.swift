import ArgumentParser
import Foundation
import JSONText
import JobStore

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check machine, model and queue, and say what to do about what is wrong.",
        discussion: """
            Nothing is changed: the queue is only read, also while workers are at it. Model options are those that the
            worker will be started with; they decide whether the model fits into memory.

            Exit codes: 0 all well or warnings only, 1 there is a problem.

            EXAMPLES
              nightshift doctor
              nightshift doctor --model ./gpt-j-6b --weights int8
              nightshift doctor --full --json | jq '.checks[] | select(.status != "ok")'
            """)

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var modelOptions: ModelOptions

    @Flag(
        help: "Read all of the queue and compare every index with its table: minutes where there are millions of jobs.")
    var full = false

    @Flag(help: "Print an object with version, problems, warnings and checks.")
    var json = false

    func run() async throws {
        let progress = ProgressLine()
        progress.announce("looking at the machine, the model and the queue …")
        let report = checkup()
        progress.clear()
        if json {
            try Console.print(DelimitedText.json(report.json))
        } else {
            try Console.write(Array(report.text(columns: Console.outputWidth, style: Console.outputStyle).utf8))
        }
        if report.count(.problem) > 0 { throw CommandError(.someFailed, "") }
    }

    private func checkup() -> CheckupReport {
        let memory = MachineMemory.current
        return CheckupReport(parts: [
            .init(title: "Machine", findings: MachineCheckup(options: modelOptions, memory: memory).findings),
            .init(title: "Model", findings: ModelCheckup(options: modelOptions, memory: memory).findings),
            .init(title: "Queue", findings: queueFindings),
        ])
    }

    private var queueFindings: [Finding] {
        do {
            return QueueCheckup(path: try queueOptions.path(), isThorough: full, now: Date()).findings
        } catch {
            return [.problem("file", "\(error)")]
        }
    }
}
