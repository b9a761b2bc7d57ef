import Documents
import Foundation
import JSONText
import JobCatalog
import Reports
import Worker

/// What an `add` would do: the first prompt on standard output, the rest on standard error, nothing in the queue.
struct DryRun {
    let definition: JobDefinition
    /// Without the document.
    let inputs: JobInputs
    var stored: StoredTemplate?
    let meter: PromptMeter?
    let asJSON: Bool

    /// What this machine is known to do in which time; `nil` where there is no queue yet.
    var prospects: Prospects?
    /// Asked of each document, where there are several.
    var questions: [Question] = []

    private struct Findings {
        var prompt: RenderedPrompt?
        var forecast: DocumentForecast?
        var readable = 0
        var unreadable = 0
        var tooLong: [(name: String, forecast: DocumentForecast)] = []
        var long: [(name: String, forecast: DocumentForecast)] = []
        /// Of all jobs: what they read and write at most, shared prompts counted each time.
        var promptTokens = 0
        var outputTokens = 0
        var parts = 0
        /// What the jobs are, for their expected time.
        var jobs: [ForecastJobs] = []
    }

    /// - throws: ``CommandError`` (1) where documents can't be read or don't fit.
    func run(_ intake: DocumentIntake) async throws {
        let findings = try await look(at: intake)
        if asJSON {
            try Console.print(DelimitedText.json(.object(object(findings, intake))))
        } else if let prompt = findings.prompt {
            try Console.printForeign(Console.outputIsTerminal ? Self.glance(at: prompt.text) : prompt.text)
        }
        report(findings, intake)
        let bad = findings.unreadable + intake.problems.count + findings.tooLong.count
        if bad > 0 { throw CommandError(.someFailed, "\(counted(bad, "document")) would not do, see above") }
    }

    /// What a person has to see of a prompt to know what is asked: how it begins and ends.
    private static func glance(at prompt: String) -> String {
        let (beginning, end) = (1500, 700)
        let left = prompt.count - beginning - end
        guard left > 500 else { return prompt }
        return "\(prompt.prefix(beginning))\n[… \(left) characters; all of it through a pipe, such as | less …]\n"
            + prompt.suffix(end)
    }

    private var jobsPerDocument: Int { max(questions.count, 1) }

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
                if meter == nil {
                    findings.jobs.append(ForecastJobs(kind: definition.name, count: jobsPerDocument))
                }
                guard meter != nil || findings.prompt == nil else { return }
                let prompt = try prompt(of: item)
                let forecast = meter?.forecast(prompt, of: definition, document: item.text)
                if findings.prompt == nil { (findings.prompt, findings.forecast) = (prompt, forecast) }
                guard let forecast else { return }
                if !forecast.canBeDone { return findings.tooLong.append((item.name, forecast)) }
                findings.jobs += steps(forecast)
                if forecast.parts > 1 || !forecast.fits { findings.long.append((item.name, forecast)) }
                if forecast.parts > 1 { findings.parts += forecast.parts * jobsPerDocument }
                findings.promptTokens += forecast.totalPromptTokens * jobsPerDocument
                findings.outputTokens += forecast.totalOutputTokens * jobsPerDocument
            }
        }
        return findings
    }

    /// What the engine will be asked for: a prompt for each part and each joining; of several questions, the document once
    /// where it stands before them.
    private func steps(_ forecast: DocumentForecast) -> [ForecastJobs] {
        let count = forecast.steps * jobsPerDocument
        let tokens = forecast.totalPromptTokens / max(forecast.steps, 1)
        let isShared = jobsPerDocument > 1 && forecast.fits
        return [
            ForecastJobs(
                kind: definition.name, count: count, promptTokens: tokens,
                uncachedTokens: isShared ? tokens / jobsPerDocument : nil, maximumTokens: forecast.outputTokens)
        ]
    }

    private func prompt(of item: DocumentIntake.Item) throws -> RenderedPrompt {
        var inputs = inputs
        (inputs.document, inputs.title) = (item.text, item.title)
        if let first = questions.first { inputs.question = first.text }
        return try definition.prompt(
            style: meter?.style ?? definition.usualStyle, inputs: inputs, stored: stored)
    }

    private func report(_ findings: Findings, _ intake: DocumentIntake) {
        var text = "would add \(counted(findings.readable * jobsPerDocument, "job")) of kind \(definition.name)"
        if questions.count > 1 {
            text += ": \(counted(questions.count, "question")) of each of \(counted(findings.readable, "document"))"
        }
        if let style = findings.prompt?.style { text += ", prompts of style \(style)" }
        if !intake.skipped.isEmpty { text += ", \(counted(intake.skipped.count, "file")) skipped" }
        Console.note(text)
        if let skipped = intake.skippedSummary { Console.note(skipped) }
        if let forecast = findings.forecast { Console.note("the prompt above: \(forecast.description)") }
        let shown = findings.long.prefix(20)
        for (name, forecast) in shown where intake.count > 1 { Console.noteForeign("\(name): \(forecast.description)") }
        if intake.count > 1, findings.long.count > shown.count {
            Console.note("and \(findings.long.count - shown.count) more documents that are too long for one prompt")
        }
        if findings.promptTokens > 0 {
            let parts = findings.parts > 0 ? " in \(counted(findings.parts, "part"))" : ""
            Console.note(
                "in all up to \(findings.promptTokens) tokens to read\(parts), what prompts share counted each time, and up "
                    + "to \(findings.outputTokens) to write")
        }
        for (name, forecast) in findings.tooLong {
            Console.noteForeign(
                "nightshift: \(name): too long, \(forecast.description); split it into parts, or choose -o "
                    + "overflow=map-reduce, sections, retrieve or truncate")
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
        func list(_ found: [(name: String, forecast: DocumentForecast)]) -> JSONValue {
            .array(
                found.map { name, forecast in
                    var object: JSONObject = ["document": .string(name)]
                    for member in forecast.object.members { object[member.name] = member.value }
                    return .object(object)
                })
        }
        let expected = expectation(findings).range
        func seconds(_ value: Double?) -> JSONValue { value.map { .number(($0 * 10).rounded() / 10) } ?? .null }
        let levels = findings.long.map(\.forecast.levels).max() ?? 0
        return [
            "kind": .string(definition.name), "style": findings.prompt.map { .string($0.style.rawValue) } ?? .null,
            "documents": .integer(findings.readable),
            "jobs": .integer(findings.readable * jobsPerDocument), "questions": .integer(questions.count),
            "failed": .integer(findings.unreadable + intake.problems.count),
            "skipped": .integer(intake.skipped.count),
            "prompt": findings.prompt.map { .string($0.text) } ?? .null,
            "prompt_tokens": findings.forecast.map { .integer($0.promptTokens) } ?? .null,
            "total_prompt_tokens": findings.forecast == nil ? .null : .integer(findings.promptTokens),
            "total_output_tokens": findings.forecast == nil ? .null : .integer(findings.outputTokens),
            "parts": findings.forecast == nil ? .null : .integer(findings.parts),
            "levels": findings.forecast == nil ? .null : .integer(levels),
            "expected_seconds": seconds(expected?.expected), "expected_seconds_low": seconds(expected?.shortest),
            "expected_seconds_high": seconds(expected?.longest),
            "long": list(findings.long), "too_long": list(findings.tooLong),
        ]
    }
}

extension JobDefinition {
    /// The style to show where no model that serves it is known: the base model's, where there is a template for it.
    var usualStyle: PromptStyle {
        servesEveryStyle || styles.contains(.base) ? .base : styles.first ?? .base
    }
}
