import Foundation

/// The report in a few sentences, and in a few figures.
struct NightSummary {
    private let facts: NightFacts
    private let counts: NightCounts
    private let times: PageTimes

    init(_ facts: NightFacts, _ counts: NightCounts, _ times: PageTimes) {
        self.facts = facts
        self.counts = counts
        self.times = times
    }

    var period: String? { facts.period.map(times.period) }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(grouped: number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// "a, b and c".
    private static func list(_ parts: [String]) -> String {
        guard let last = parts.last, parts.count > 1 else { return parts.first ?? "" }
        return parts.dropLast().joined(separator: ", ") + " and " + last
    }

    private var ended: Int { counts.completed + counts.failed + counts.cancelled }

    /// HTML, though nothing in it comes from outside but the names of engines.
    var words: String {
        guard ended > 0 else { return "Nothing was done in this time." }
        var sentences = [outcome]
        if facts.completionTokens > 0 {
            var text = "The model read \(Self.count(facts.promptTokens, "token"))"
            let share = Double(facts.cachedTokens) / Double(max(1, facts.promptTokens))
            if share >= 0.005 { text += ", of which \(Int((share * 100).rounded()))\u{A0}% had been read before," }
            text += " and wrote \(grouped: facts.completionTokens)"
            if facts.busySeconds > 0 {
                text += ", \((Double(facts.completionTokens) / facts.busySeconds).text(places: 1)) a second"
            }
            sentences.append(text + ".")
        }
        if let longest = facts.longest, counts.completed > 1 {
            let time = PageTimes.seconds(Double(longest.milliseconds) / 1000)
            let job = "<a href=\"#job-\(longest.job)\">job\u{A0}\(longest.job)</a>"
            sentences.append(
                longest.isPart
                    ? "What took longest was a part of \(job), \(time)." : "The longest job took \(time) (\(job)).")
        }
        if counts.open > 0 {
            sentences.append("\(Self.count(counts.open, "job")) \(counts.open == 1 ? "is" : "are") still open.")
        }
        return sentences.joined(separator: " ")
    }

    private var outcome: String {
        let on = counts.documents > 0 ? " on \(Self.count(counts.documents, "document"))" : ""
        let work = facts.busySeconds > 0 ? "In \(PageTimes.seconds(facts.busySeconds)) of work, " : ""
        if counts.failed + counts.cancelled == 0 {
            let all =
                counts.completed == 1 ? "one job\(on) was" : "all \(Self.count(counts.completed, "job"))\(on) were"
            return Self.capitalized(work + all + " completed.")
        }
        var rest: [String] = []
        if counts.failed > 0 { rest.append("\(grouped: counts.failed) failed") }
        if counts.cancelled > 0 {
            rest.append("\(grouped: counts.cancelled) \(counts.cancelled == 1 ? "was" : "were") cancelled")
        }
        let completed =
            "\(grouped: counts.completed) of \(Self.count(ended, "job"))\(on) "
            + (counts.completed == 1 ? "was" : "were") + " completed"
        return Self.capitalized(work + Self.list([completed] + rest) + ".")
    }

    private static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    var tiles: [(name: String, value: String)] {
        var tiles = [("Completed", "\(grouped: counts.completed)")]
        tiles.append(("Failed", counts.failed > 0 ? "<span class=\"bad\">\(grouped: counts.failed)</span>" : "0"))
        if counts.documents > 0 { tiles.append(("Documents", "\(grouped: counts.documents)")) }
        if facts.busySeconds > 0 {
            tiles.append(("Time at work", PageTimes.seconds(facts.busySeconds)))
            let speed = Double(facts.completionTokens) / facts.busySeconds
            tiles.append(("Speed", "\(speed.text(places: 1)) <small>tokens/s</small>"))
            let rate = Double(counts.completed) / facts.busySeconds * 3600
            tiles.append(("Jobs an hour", rate.text(places: rate < 10 ? 1 : 0)))
        }
        return tiles
    }
}
