import Crypto
public import Foundation
public import JobStore

/// The page that a person reads in the morning: one file that needs nothing from elsewhere.
///
/// It is written piece by piece: first ``head(_:_:)``, then the jobs document by document, then ``foot()``, so that ten
/// thousand results are never in memory at once. Without its script it can be read in full.
public struct ReportPage: Sendable {
    /// What can't be known from the queue.
    public struct Frame: Sendable {
        public var title: String
        /// Which part of the queue it is about, in words; `nil` for all of it.
        public var scope: String?
        public var made: Date
        public var version: String
        public var calendar: Calendar

        public init(
            title: String, scope: String? = nil, made: Date, version: String, calendar: Calendar = .current
        ) {
            self.title = title
            self.scope = scope
            self.made = made
            self.version = version
            self.calendar = calendar
        }
    }

    /// A job, the passages that it quotes, and the text it works on where that is to be shown.
    public struct Entry: Sendable {
        public var job: ReportedJob
        public var passages: [QuotedPassage]
        public var excerpt: TextExcerpt?

        public init(job: ReportedJob, passages: [QuotedPassage] = [], excerpt: TextExcerpt? = nil) {
            self.job = job
            self.passages = passages
            self.excerpt = excerpt
        }
    }

    private let frame: Frame
    private var openDocument: DocumentKey?
    private var openExcerpt: (excerpt: TextExcerpt, source: String?)?

    /// Jobs on one document stand together; a job without one stands alone.
    private enum DocumentKey: Equatable {
        case document(Int64)
        case job(Int64)
    }

    public init(_ frame: Frame) { self.frame = frame }

    // MARK: - Before the results

    public func head(_ facts: NightFacts, _ counts: NightCounts) -> String {
        let times = PageTimes(frame.calendar)
        let summary = NightSummary(facts, counts, times)
        let script = Data(SHA256.hash(data: Data(PageScript.text.utf8))).base64EncodedString()
        let period = summary.period.map { "<p class=\"soft\">\($0)</p>" } ?? ""
        let scope = frame.scope.map { "<p class=\"soft\">\(HTMLText.line($0))</p>" } ?? ""
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
            script-src 'sha256-\(script)'; base-uri 'none'; form-action 'none'">
            <meta name="referrer" content="no-referrer">
            <meta name="generator" content="nightshift \(HTMLText.line(frame.version))">
            <title>\(HTMLText.line(frame.title))</title>
            <style>
            \(PageStyle.text)
            </style>
            </head>
            <body>
            <a class="skip" href="#results">Skip to the results</a>
            <header>
            <div><h1>\(HTMLText.name(frame.title))</h1>\(period)\(scope)</div>
            <button id="theme" type="button" hidden>Colours</button>
            </header>
            <main>
            <section aria-labelledby="summary-h"><h2 id="summary-h">Summary</h2>
            <p class="lead">\(summary.words)</p>
            <dl class="tiles">\(summary.tiles.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" }.joined())</dl>
            </section>
            \(NightCharts(facts, counts, times).section)\
            <section aria-labelledby="results"><h2 id="results" tabindex="-1">Results</h2>
            \(filter(counts))
            <p id="none" class="none" hidden>Nothing fits the filter.</p>

            """
    }

    private func filter(_ counts: NightCounts) -> String {
        guard counts.completed + counts.failed + counts.cancelled > 0 else {
            return "<p class=\"none\">No job has ended in this time.</p>"
        }
        let kinds = counts.kinds.map { "<option>\(HTMLText.line($0, limit: 64))</option>" }.joined()
        let states = [
            ("completed", "completed", counts.completed), ("discarded", "failed", counts.failed),
            ("cancelled", "cancelled", counts.cancelled),
        ].filter { $0.2 > 0 }.map { "<option value=\"\($0.0)\">\($0.1) (\(grouped: $0.2))</option>" }.joined()
        return """
            <form id="filter" class="filter" role="search" aria-label="Filter the results" hidden>
            <label class="grow">Words in titles, questions and results
            <input type="search" name="words" autocomplete="off" spellcheck="false" placeholder="press / to search"></label>
            <label>Kind <select name="kind"><option value="">all</option>\(kinds)</select></label>
            <label>State <select name="state"><option value="">all</option>\(states)</select></label>
            <button type="reset">Show all</button>
            <output name="count" aria-live="polite"></output>
            </form>
            """
    }

    // MARK: - Results

    /// The jobs' part of the page; those on one document must follow each other.
    public mutating func body(_ entries: [Entry]) -> String {
        var html = ""
        for entry in entries {
            let key = entry.job.documentID.map(DocumentKey.document) ?? .job(entry.job.id)
            if key != openDocument {
                html += closeDocument()
                openDocument = key
                html += begin(entry.job)
            }
            if openExcerpt == nil, let excerpt = entry.excerpt { openExcerpt = (excerpt, entry.job.source) }
            html += JobSection(entry, frame.calendar).html
        }
        return html
    }

    private func begin(_ job: ReportedJob) -> String {
        let name = job.document.flatMap { $0.isEmpty ? nil : $0 } ?? "Job \(job.id)"
        var html =
            "<article class=\"doc\" aria-labelledby=\"d\(job.id)\"><h3 id=\"d\(job.id)\">\(HTMLText.name(name))</h3>\n"
        if let source = job.source, source != name, source != "-" {
            html += "<p class=\"source\">\(SourceLink.html(source))</p>\n"
        }
        return html
    }

    private mutating func closeDocument() -> String {
        guard openDocument != nil else { return "" }
        var html = ""
        if let (excerpt, source) = openExcerpt, !excerpt.text.isEmpty {
            let isWhole = excerpt.text.count >= excerpt.length
            let size = "\(grouped: excerpt.length) character\(excerpt.length == 1 ? "" : "s")"
            let rest =
                isWhole
                ? ""
                : "<p class=\"soft\">The first \(grouped: excerpt.text.count) characters of \(grouped: excerpt.length)"
                    + (source.map { $0 == "-" ? "" : "; the whole is in \(SourceLink.html($0))" } ?? "") + ".</p>"
            html =
                "<details class=\"text\"><summary>The text it works on, \(size)</summary>"
                + "<div dir=\"auto\" tabindex=\"0\">\(HTMLText.escaped(excerpt.text))\(isWhole ? "" : "…")</div>\(rest)</details>\n"
        }
        openExcerpt = nil
        return html + "</article>\n"
    }

    // MARK: - After the results

    public mutating func foot() -> String {
        let html = closeDocument()
        openDocument = nil
        return html + """
            </section>
            </main>
            <footer>Made by nightshift \(HTMLText.line(frame.version)) on \(PageTimes(frame.calendar).moment(frame.made)). \
            Texts are written by a language model: check what matters.</footer>
            <script>\(PageScript.text)</script>
            </body>
            </html>

            """
    }
}

/// Where a text comes from, as a link where that is safe.
enum SourceLink {
    static func html(_ source: String) -> String {
        let name = HTMLText.name(source, limit: 500)
        guard let target = target(source) else { return name }
        return "<a href=\"\(HTMLText.escaped(target))\" rel=\"noreferrer noopener\">\(name)</a>"
    }

    /// Web pages and absolute paths only: `javascript:` and its like stay text.
    private static func target(_ source: String) -> String? {
        let isPlain = source.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F }
        if source.hasPrefix("https://") || source.hasPrefix("http://") { return isPlain ? source : nil }
        guard source.hasPrefix("/") else { return nil }
        let plain = CharacterSet(charactersIn: "/-._~").union(.init(charactersIn: "a"..."z"))
            .union(.init(charactersIn: "A"..."Z")).union(.init(charactersIn: "0"..."9"))
        return source.addingPercentEncoding(withAllowedCharacters: plain).map { "file://" + $0 }
    }
}
