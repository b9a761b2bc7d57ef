import Documents
import Foundation
import JSONText
import JobCatalog
import Reports

/// What an `add` would do: the first prompt on standard output, the rest on standard error, nothing in the queue.
struct DryRun {
    let definition: JobDefinition
    /// Without the document.
    let inputs: JobInputs
    let meter: PromptMeter
    let asJSON: Bool
    /// What this machine is known to do in which time; `nil` where there is no queue yet.
    var prospects: Prospects?

    private struct Findings {
        var prompt: RenderedPrompt?
        var size: PromptSize?
        var readable = 0
        var unreadable = 0
        var tooLong: [(name: String, size: PromptSize)] = []
        /// What the jobs are, for their expected time.
        var jobs: [ForecastJobs] = []
    }

    /// - throws: ``CommandError`` (1) where documents can't be read or don't fit.
    func run(_ intake: DocumentIntake) async throws {
        let findings = try await look(at: intake)
        if asJSON {
            try Console.print(DelimitedText.json(.object(object(findings, intake))))
        } else if let prompt = findings.prompt {
            try Console.printForeign(prompt.text)
        }
        report(findings, intake)
        let bad = findings.unreadable + intake.problems.count + findings.tooLong.count
        if bad > 0 { throw CommandError(.someFailed, "\(counted(bad, "document")) would not do, see above") }
    }

    private func look(at intake: DocumentIntake) async throws -> Findings {
        var findings = Findings()
        let progress = ProgressLine()
        defer { progress.clear() }
        try await intake.takeEach { position, item in
            progress.update("looked at \(position) of \(intake.count) files")
            switch item {
            case .failure(let error):
                findings.unreadable += 1
                progress.clear()
                Console.noteForeign("nightshift: \(error)")
            case .success(let item):
                findings.readable += 1
                let prompt = try prompt(of: item)
                let size = meter.measure(prompt)
                if findings.prompt == nil { (findings.prompt, findings.size) = (prompt, size) }
                findings.jobs.append(
                    ForecastJobs(kind: definition.name, promptTokens: size.tokens, maximumTokens: size.outputTokens))
                if !size.fits { findings.tooLong.append((item.name, size)) }
            }
        }
        return findings
    }

    private func prompt(of item: DocumentIntake.Item) throws -> RenderedPrompt {
        var inputs = inputs
        (inputs.document, inputs.title) = (item.text, item.title)
        return try definition.prompt(style: meter.style, inputs: inputs)
    }

    private func report(_ findings: Findings, _ intake: DocumentIntake) {
        var text = "would add \(counted(findings.readable, "job")) of kind \(definition.name)"
        if let style = findings.prompt?.style { text += ", prompts of style \(style)" }
        if !intake.skipped.isEmpty { text += ", \(counted(intake.skipped.count, "file")) skipped" }
        Console.note(text)
        if let skipped = intake.skippedSummary { Console.note(skipped) }
        if let size = findings.size { Console.note("the prompt above: \(size.description)") }
        for (name, size) in findings.tooLong {
            Console.noteForeign("nightshift: \(name): too long, \(size.description); split it into parts")
        }
        if findings.readable > 0 { Console.note("expected time: " + expectation(findings).text) }
    }

    /// The time of these jobs by themselves.
    private func expectation(_ findings: Findings) -> (range: TimeRange?, text: String) {
        guard let prospects, let forecast = prospects.forecast else {
            return (nil, "unknown, since no job of this model has been done here yet")
        }
        let range = forecast.time(for: findings.jobs, workers: max(1, prospects.workers.count))
        return (range, "\(range.text), not counting what waits already")
    }

    private func object(_ findings: Findings, _ intake: DocumentIntake) -> JSONObject {
        let expected = expectation(findings).range
        func seconds(_ value: Double?) -> JSONValue { value.map { .number(($0 * 10).rounded() / 10) } ?? .null }
        return [
            "kind": .string(definition.name), "style": findings.prompt.map { .string($0.style.rawValue) } ?? .null,
            "documents": .integer(findings.readable),
            "failed": .integer(findings.unreadable + intake.problems.count),
            "skipped": .integer(intake.skipped.count),
            "prompt": findings.prompt.map { .string($0.text) } ?? .null,
            "prompt_tokens": findings.size.map { .integer($0.tokens) } ?? .null,
            "expected_seconds": seconds(expected?.expected), "expected_seconds_low": seconds(expected?.shortest),
            "expected_seconds_high": seconds(expected?.longest),
            "too_long": .array(
                findings.tooLong.map { ["document": .string($0.name), "prompt_tokens": .integer($0.size.tokens)] }),
        ]
    }
}
