import Foundation
import JobStore
import Reports

/// A report of a night that was made up, with what is hostile in it.
struct SamplePage {
    static let hostileTitle =
        "</script><script>document.title='pwned'</script>\u{202E}txt.exe<img src=x onerror=alert(1)>"

    var documents = 4
    var calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    /// 2026-11-26 22:00 UTC.
    static let start: Int64 = 1_795_730_400_000

    var facts: NightFacts {
        var facts = NightFacts()
        for index in 0..<documents * 2 {
            let begin = Self.start + Int64(index / 8) * 60_000
            let isBad = index % 7 == 6
            facts.count(
                AttemptFact(
                    // The first is a part of job 1.
                    jobID: index == 0 ? 900 : Int64(index + 1), kind: "summarize", wholeJobID: Int64(index + 1),
                    engine: "small int8",
                    outcome: isBad ? "failed" : "completed", errorCode: isBad ? "too_long" : nil, claimedAt: begin,
                    finishedAt: begin + 60_000, waitMilliseconds: 30_000, loadMilliseconds: index == 0 ? 2000 : 0,
                    promptMilliseconds: 20_000, generateMilliseconds: 40_000, promptTokens: 500, cachedTokens: 250,
                    completionTokens: 40))
        }
        return facts
    }

    var counts: NightCounts {
        NightCounts(
            completed: documents * 2 - documents / 4, failed: documents / 4, open: 1, documents: documents,
            kinds: ["answer-quote", "summarize"],
            reasons: [.init(code: "too_long", example: "2,310 tokens <b>", jobs: documents / 4)])
    }

    func entries(_ index: Int) -> [ReportPage.Entry] {
        let isHostile = index % 4 == 1
        let title = isHostile ? Self.hostileTitle : index % 4 == 2 ? "年次報告書" : "Report \(index + 1)"
        var summary = ReportedJob(
            id: Int64(2 * index + 1), kind: "summarize", batch: "essays", documentID: Int64(index + 1), document: title,
            source: isHostile ? "javascript:alert(1)" : "/home/anna/report \(index + 1).txt",
            text: isHostile
                ? "</div></section><script>alert('x')</script> \u{1B}[31mred" : "The board has voted for the ferry.",
            truncated: index % 4 == 3, meanLogprob: -0.31, grounding: 0.82, repetition: 0.41, promptTokens: 902,
            completionTokens: 61, milliseconds: 43_210)
        if index % 8 == 6 {
            (summary.state, summary.text, summary.error) = ("discarded", nil, "too_long: 2,310 tokens")
        }
        let answer = ReportedJob(
            id: Int64(2 * index + 2), kind: "answer-quote", question: isHostile ? "Who said \"</title>\"?" : "When?",
            documentID: Int64(index + 1), document: title, source: summary.source, text: "the ferry", promptTokens: 640,
            completionTokens: 12, milliseconds: 3100)
        let passage = QuotedPassage(
            jobID: answer.id, begin: 20, before: "The board has voted for ", text: "the ferry",
            after: ", at last & <soon>.",
            isAtStart: true)
        return [
            ReportPage.Entry(
                job: summary,
                excerpt: TextExcerpt(
                    text: "The board has voted for the ferry, at last & <soon>.", length: index == 0 ? 9000 : 52)),
            ReportPage.Entry(job: answer, passages: [passage]),
        ]
    }

    func write(_ sink: (String) throws -> Void) rethrows {
        var page = ReportPage(
            .init(
                title: "Night of 26 November", scope: "batch essays", made: Date(timeIntervalSince1970: 1_795_780_000),
                version: "0.1.0", calendar: calendar))
        try sink(page.head(facts, counts))
        for index in 0..<documents { try sink(page.body(entries(index))) }
        try sink(page.foot())
    }

    var html: String {
        var html = ""
        write { html += $0 }
        return html
    }
}
