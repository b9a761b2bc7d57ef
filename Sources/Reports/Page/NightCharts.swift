import Foundation

/// The charts of a report, each with a sentence that says it without a picture.
struct NightCharts {
    private let facts: NightFacts
    private let counts: NightCounts
    private let times: PageTimes

    init(_ facts: NightFacts, _ counts: NightCounts, _ times: PageTimes) {
        self.facts = facts
        self.counts = counts
        self.times = times
    }

    /// Empty where there is nothing to draw.
    var section: String {
        guard facts.attempts > 0 || !counts.reasons.isEmpty else { return "" }
        return """
            <section aria-labelledby="charts-h"><h2 id="charts-h">How it went</h2>
            <div class="charts">
            \(throughput)\(timeSplit)\(tokens)\(failures)</div>
            </section>

            """
    }

    private var throughput: String {
        guard let period = facts.period else { return "" }
        let (width, bins) = facts.bins(offset: times.offset(period.lowerBound))
        let speeds = bins.map { $0.tokens / (Double(width) / 1000) }
        let best = speeds.indices.max { speeds[$0] < speeds[$1] } ?? 0
        let step = width / 1000
        let name = TimeRange.text(seconds: Double(step)).replacing(" ", with: "\u{A0}")
        func date(_ bin: NightFacts.Bin) -> Date { Date(timeIntervalSince1970: Double(bin.start) / 1000) }
        let idle = bins.count { $0.tokens == 0 }
        var says = "Tokens written in a second, in steps of \(name)."
        if let peak = bins.indices.contains(best) ? bins[best] : nil, speeds[best] > 0 {
            says += " The most was \(speeds[best].text(places: 1)), from \(times.label(date(peak), step: step))."
        }
        if idle > 0, bins.count > 1 { says += " Nothing was written in \(idle) of \(bins.count)." }
        let failed = bins.reduce(0) { $0 + $1.failed }
        if failed > 0 { says += " Red marks below: attempts failed then." }
        let every = max(1, (bins.count + 4) / 5)
        let marks = stride(from: 0, to: bins.count, by: every).map {
            (at: Double($0) / Double(bins.count), text: times.label(date(bins[$0]), step: step))
        }
        let table = Charts.table(
            "Work over time", heads: ["From", "Tokens", "Tokens/s", "Completed", "Failed attempts"],
            rows: bins.indices.map { index in
                [
                    times.label(date(bins[index]), step: step), Int(bins[index].tokens.rounded()).groupedText,
                    speeds[index].text(places: 1), bins[index].completed.groupedText, bins[index].failed.groupedText,
                ]
            })
        return Charts.figure(
            id: "c-speed", title: "Throughput", says: says,
            body: Charts.columns(
                speeds, flags: bins.map(\.failed), label: "Columns over time. \(says)",
                top: "\((speeds.max() ?? 0).text(places: 1)) tokens/s", marks: marks),
            table: table, isWide: true)
    }

    private var timeSplit: String {
        guard facts.attempts > 0 else { return "" }
        let split = facts.split
        let parts = [
            ("waiting in the queue", split.wait), ("loading the model", split.load), ("reading", split.prompt),
            ("writing", split.generate),
        ]
        let sum = parts.reduce(0) { $0 + $1.1 }
        func share(_ value: Int) -> String {
            let percent = 100 * Double(value) / Double(max(1, sum))
            return percent > 0 && percent < 1 ? "under\u{A0}1\u{A0}%" : "\(Int(percent.rounded()))\u{A0}%"
        }
        let says =
            "Where an average job’s time went: " + parts.map { "\($0.0) \(share($0.1))" }.joined(separator: ", ") + "."
        let each = Double(max(1, facts.attempts)) * 1000
        return Charts.figure(
            id: "c-time", title: "Time of a job", says: says,
            body: Charts.stack(
                parts.map { ($0.0, Double($0.1), share($0.1)) }, label: "One bar in four parts. \(says)"),
            table: Charts.table(
                "Mean of \(facts.attempts.groupedText) attempts", heads: ["Part", "Seconds", "Share"],
                rows: parts.map { [$0.0, (Double($0.1) / each).text(places: 1), share($0.1)] }))
    }

    private var tokens: String {
        guard facts.promptTokens + facts.completionTokens > 0 else { return "" }
        let rows = [
            ("read", facts.promptTokens - facts.cachedTokens), ("read before", facts.cachedTokens),
            ("written", facts.completionTokens),
        ]
        return Charts.figure(
            id: "c-tokens", title: "Tokens",
            says: "What stands at the beginning of several prompts is read once for all of them.",
            body: Charts.rows(rows.map { ($0.0, Double($0.1), $0.1.groupedText) }),
            table: Charts.table("Tokens", heads: ["What", "Tokens"], rows: rows.map { [$0.0, $0.1.groupedText] }))
    }

    private var failures: String {
        guard !counts.reasons.isEmpty else { return "" }
        let rows = counts.reasons.prefix(12)
        return Charts.figure(
            id: "c-failures", title: "Failures",
            says: "\(counts.failed.groupedText) job\(counts.failed == 1 ? "" : "s") failed, by reason.",
            body: Charts.rows(
                rows.map { (HTMLText.name($0.code, limit: 60), Double($0.jobs), $0.jobs.groupedText) }, look: "fail"),
            table: Charts.table(
                "Failures by reason", heads: ["Reason", "Jobs", "For example"],
                rows: counts.reasons.map {
                    [HTMLText.name($0.code, limit: 60), $0.jobs.groupedText, HTMLText.name($0.example, limit: 300)]
                }))
    }
}
