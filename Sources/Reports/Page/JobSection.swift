import Foundation
import JobStore

/// One job of a report: what was asked, what came of it, how sure that is, and where it stands in the text.
struct JobSection {
    private let job: ReportedJob
    private let passages: [QuotedPassage]
    private let calendar: Calendar

    init(_ entry: ReportPage.Entry, _ calendar: Calendar) {
        (job, passages) = (entry.job, entry.passages)
        self.calendar = calendar
    }

    var html: String {
        let kind = HTMLText.line(job.kind, limit: 64)
        return """
            <section class="job" id="job-\(job.id)" aria-labelledby="j\(job.id)" data-kind="\(kind)" data-state="\(state)">
            <h4 id="j\(job.id)">\(heading)</h4>
            \(outcome)\(quotations)<ul class="meta">\(facts.map { "<li>\($0)</li>" }.joined())</ul>
            </section>

            """
    }

    private var state: String { HTMLText.line(job.state, limit: 32) }

    private var heading: String {
        let kind = HTMLText.name(job.kind, limit: 64)
        guard let question = job.question, !question.isEmpty else { return kind }
        return "\(kind): \(HTMLText.name(question, limit: 1000))"
    }

    private var outcome: String {
        guard let text = job.text else {
            let why = job.error.map { HTMLText.name($0, limit: 1000) } ?? "no reason was given"
            let what =
                ["discarded": "Failed", "cancelled": "Cancelled", "completed": "Without a text"][job.state] ?? state
            return "<p class=\"why\">\(what): \(why)</p>\n"
        }
        var html = ""
        if text.isEmpty {
            html = "<p class=\"none\">The text is empty.</p>\n"
        } else {
            let look = job.format == "json" ? "said json" : "said"
            html = "<div class=\"\(look)\" dir=\"auto\">\(HTMLText.escaped(text))</div>\n"
        }
        if let correction = job.correction, !correction.isEmpty {
            html +=
                "<p class=\"soft\">Corrected to:</p><div class=\"said\" dir=\"auto\">\(HTMLText.escaped(correction))</div>\n"
        }
        return html
    }

    private var quotations: String {
        guard !passages.isEmpty else { return "" }
        return "<p class=\"soft\">In the text:</p>"
            + passages.map { passage in
                "<blockquote dir=\"auto\">" + (passage.isAtStart ? "" : "…") + HTMLText.escaped(passage.before)
                    + "<mark>\(HTMLText.escaped(passage.text))</mark>" + HTMLText.escaped(passage.after)
                    + (passage.isAtEnd ? "" : "…") + "</blockquote>"
            }.joined() + "\n"
    }

    /// What is worth knowing about it, the doubtful first.
    private var facts: [String] {
        func tag(_ text: String, _ look: String) -> String { "<span class=\"tag \(look)\">\(text)</span>" }
        func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))\u{A0}%" }
        var facts: [String] = []
        if let verdict = job.verdict, !verdict.isEmpty {
            let looks = ["good": "good", "bad": "bad", "accepted": "good", "rejected": "bad"]
            facts.append(tag("judged \(HTMLText.line(verdict, limit: 40))", looks[verdict] ?? "warn"))
        }
        if job.noAnswer { facts.append(tag("the text doesn’t tell", "warn")) }
        if job.truncated { facts.append(tag("only the beginning of the text was used", "warn")) }
        if let reason = job.stoppedBy { facts.append(tag("cut short: \(HTMLText.line(reason, limit: 40))", "warn")) }
        if let repetition = job.repetition, repetition >= 0.2 {
            facts.append(tag("repeats itself, \(percent(repetition))", "warn"))
        }
        if let grounding = job.grounding, !job.noAnswer {
            facts.append("\(percent(grounding)) of its words stand in the text")
        }
        if let logprob = job.meanLogprob, logprob <= 0 {
            facts.append("\(percent(exp(logprob))) sure of each token")
        }
        if job.parts > 0 { facts.append("from \(grouped: job.parts) part\(job.parts == 1 ? "" : "s")") }
        if let milliseconds = job.milliseconds { facts.append(PageTimes.seconds(Double(milliseconds) / 1000)) }
        if let read = job.promptTokens, let written = job.completionTokens {
            facts.append("\(grouped: read) tokens read, \(grouped: written) written")
        }
        if let batch = job.batch { facts.append("batch \(HTMLText.name(batch, limit: 80))") }
        facts.append("<a href=\"#job-\(job.id)\">job \(job.id)</a>")
        return facts
    }
}
