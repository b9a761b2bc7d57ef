import Foundation
import JSONText
import JobStore

/// A job as people look at it: fields, attempts, events, result.
struct JobPage {
    let detail: JobDetail
    let style: TerminalStyle
    /// `nil` where the output isn't a terminal.
    let width: Int?

    private var job: JobDetail.Job { detail.job }

    func print() throws {
        let state = style.paint(job.state, TerminalStyle.look(ofStatus: job.state))
        try Console.print(style.paint("job \(job.id)", .bold) + "  \(DisplayText.line(job.kind))  \(state)")
        for (name, value) in fields {
            guard let value, !value.isEmpty else { continue }
            let padding = String(repeating: " ", count: max(1, 11 - name.count))
            try Console.print("  \(style.paint(name, .dim))\(padding)\(DisplayText.line(value))")
        }
        try printAttempts()
        try printEvents()
        try printResult()
    }

    private var fields: [(String, String?)] {
        let progress = job.progress.flatMap { ["running", "pending"].contains(job.state) ? "\(Int(100 * $0)) %" : nil }
        let document = [detail.documentTitle, detail.documentSource.map { "(\($0))" }].compactMap(\.self)
        return [
            ("queue", "\(job.queue), priority \(job.priority)"),
            ("document", document.isEmpty ? nil : document.joined(separator: " ")),
            ("question", job.question),
            ("options", job.options == "{}" ? nil : job.options),
            ("about", facts),
            ("metadata", otherMetadata),
            ("template", job.templateID.map(String.init)),
            ("continues", job.continues.map { "job \($0)" }),
            ("batch", job.batchID.map(String.init)),
            ("custom id", job.customID),
            ("part", job.part.map { "\($0) of job \(job.parentID ?? 0)\(place)" }),
            ("parts", parts.isEmpty ? nil : parts),
            ("tries", "\(job.attempt) of \(job.maxAttempts)"),
            ("progress", progress),
            ("created", LocalTime.local(job.createdAt)),
            ("due", job.scheduledAt == job.createdAt ? nil : LocalTime.local(job.scheduledAt)),
            ("deadline", job.deadlineAt.map(LocalTime.local)),
            ("timeout", job.timeoutSeconds.map { "\($0.formatted(.number.grouping(.never))) s" }),
            ("held since", job.heldAt.map(LocalTime.local)),
            ("waits for", detail.waitsFor.isEmpty ? nil : detail.waitsFor.joined(separator: ", ")),
            ("started", job.attemptedAt.map(LocalTime.local)),
            ("worker", job.attemptedBy),
            ("lease ends", job.leaseExpiresAt.map(LocalTime.local)),
            ("finished", job.finalizedAt.map(LocalTime.local)),
            ("error", job.error),
        ]
    }

    private var metadata: JSONObject? {
        if case .object(let object)? = try? JSONParser.parse(job.metadata) { object } else { nil }
    }

    /// What the document says of itself.
    private var facts: String? {
        guard case .object(let facts)? = metadata?["facts"] else { return nil }
        return facts.members.map { member in
            if case .string(let text) = member.value {
                "\(member.name): \(text)"
            } else {
                "\(member.name): \(member.value.text)"
            }
        }.joined(separator: "; ")
    }

    private var otherMetadata: String? {
        guard var rest = metadata else { return job.metadata }
        rest["facts"] = nil
        return rest.isEmpty ? nil : JSONValue.object(rest).text
    }

    /// Of a part: its place in the whole.
    private var place: String {
        guard let begin = job.partBegin, let end = job.partEnd else { return "" }
        return ", characters \(begin) to \(end)" + (job.partLevel > 0 ? ", level \(job.partLevel)" : "")
    }

    private var parts: String {
        detail.parts.map { count in
            var text = "\(count.completed) of \(count.total) done"
            if count.level > 0 { text = "level \(count.level): " + text }
            if count.running > 0 { text += ", \(count.running) running" }
            if count.failed > 0 { text += ", \(count.failed) given up or cancelled" }
            if count.reused > 0 { text += ", \(count.reused) known already" }
            return text
        }.joined(separator: "; ")
    }

    private func printAttempts() throws {
        guard !detail.attempts.isEmpty else { return }
        var table = TextTable([
            .init("attempt", .right), .init("outcome", look: TerminalStyle.look(ofStatus:)), .init("started"),
            .init("wait", .right), .init("load", .right), .init("prompt", .right), .init("generate", .right),
            .init("tokens in", .right), .init("cached", .right), .init("out", .right), .init("tok/s", .right),
            .init("end"),
        ])
        for attempt in detail.attempts {
            table.append([
                "\(attempt.attempt)", attempt.outcome, LocalTime.short(LocalTime.local(attempt.startedAt)),
                Self.seconds(attempt.waitMilliseconds), Self.seconds(attempt.loadMilliseconds),
                Self.seconds(attempt.promptMilliseconds), Self.seconds(attempt.generateMilliseconds),
                attempt.promptTokens.map(String.init) ?? "", attempt.cachedTokens.map(String.init) ?? "",
                attempt.completionTokens.map(String.init) ?? "",
                attempt.tokensPerSecond.map { "\(($0 * 10).rounded() / 10)" } ?? "", attempt.finishReason ?? "",
            ])
        }
        try printSection("attempts", table)
        for attempt in detail.attempts {
            let error = [attempt.errorCode, attempt.error].compactMap(\.self).joined(separator: ": ")
            if !error.isEmpty { try Console.print("  attempt \(attempt.attempt)  \(DisplayText.line(error))") }
            if let text = attempt.lateText {
                let what = attempt.outcome == "failed" ? "had written" : "has a text that came too late"
                try Console.print("  attempt \(attempt.attempt)  \(what): \(DisplayText.line(text, limit: 200))")
            }
        }
        for engine in Set(detail.attempts.compactMap(\.engine)).sorted() {
            try Console.print("  \(style.paint("engine", .dim))  \(DisplayText.line(engine))")
        }
    }

    private func printEvents() throws {
        var table = TextTable([
            .init("at"), .init("from", look: TerminalStyle.look(ofStatus:)),
            .init("to", look: TerminalStyle.look(ofStatus:)), .init("attempt", .right), .init("by", isFlexible: true),
        ])
        for event in detail.events {
            table.append([
                LocalTime.local(event.at), event.fromState ?? "", event.toState,
                event.attempt.flatMap { $0 > 0 ? "\($0)" : nil } ?? "", event.by ?? "",
            ])
        }
        if !table.isEmpty { try printSection("events", table) }
    }

    private func printResult() throws {
        guard let result = detail.result else { return }
        let facts = [
            result.noAnswer ? "the document doesn't tell" : nil,
            result.answerMargin.map { "answer margin \(Self.rounded($0))" },
            result.model.map { "model \($0)" },
            result.leftOut.map { "left out: \($0)" } ?? (result.truncated ? "the input was cut" : nil),
            result.parts.map { "from " + counted($0, detail.evidence.isEmpty ? "part" : "passage") },
            result.reusedFrom.map { "as that of job \($0)" },
            result.meanLogprob.map { "log-probability \(Self.rounded($0))" },
            result.grounding.map { "grounding \(Self.rounded($0))" },
            result.repetition.map { "repetition \(Self.rounded($0))" },
            result.stoppedBy.map { "stopped by \($0)" },
        ]
        try printText(result.text, title: (["result"] + facts.compactMap(\.self)).joined(separator: ", "))
        try printQuotations()
        try printEvidence()
    }

    /// The passages that an answer was looked for in.
    private func printEvidence() throws {
        guard !detail.evidence.isEmpty else { return }
        var table = TextTable([
            .init("", .right), .init("begin", .right), .init("end", .right), .init("score", .right),
            .init("text", isFlexible: true),
        ])
        for passage in detail.evidence {
            table.append([
                "\(passage.position)", "\(passage.begin)", "\(passage.end)",
                passage.score.map { "\(Self.rounded($0))" } ?? "", DisplayText.line(passage.text, limit: 300),
            ])
        }
        try printSection("read of the text, by characters", table)
    }

    /// What the result quotes, and where that stands.
    private func printQuotations() throws {
        guard !detail.quotations.isEmpty else { return }
        var table = TextTable([
            .init("", .right), .init("begin", .right), .init("end", .right), .init("text", isFlexible: true),
        ])
        for quotation in detail.quotations {
            table.append([
                "\(quotation.position)", "\(quotation.begin)", "\(quotation.end)", DisplayText.line(quotation.text),
            ])
        }
        try printSection("quoted, by characters of the text", table)
    }

    private func printSection(_ title: String, _ table: TextTable) throws {
        try Console.print("")
        try Console.print(style.paint(title, .bold))
        for line in table.lines(width: width.map { $0 - 2 }, style: style) { try Console.print("  " + line) }
    }

    /// A text with its lines, under a heading.
    func printText(_ text: String, title: String) throws {
        try Console.print("")
        try Console.print(style.paint(DisplayText.line(title), .bold))
        try Console.printForeign(text)
    }

    private static func seconds(_ milliseconds: Int?) -> String {
        milliseconds.map { "\((Double($0) / 100).rounded() / 10) s" } ?? ""
    }

    private static func rounded(_ number: Double) -> Double { (number * 100).rounded() / 100 }
}
