import Foundation
import JobStore
import Reports
import Testing

@Suite("The page of a report")
struct ReportPageTests {
    private let html = SamplePage(documents: 8).html

    @Test("nothing from outside ends an element, an attribute or the script")
    func hostile() {
        // The only script is the page's own, and nothing of what documents say became an element.
        #expect(html.components(separatedBy: "<script").count == 2)
        #expect(html.components(separatedBy: "</script").count == 2)
        #expect(!html.contains("<img"))
        #expect(
            html.contains("&lt;/script&gt;&lt;script&gt;document.title=&#39;pwned&#39;&lt;/script&gt;\u{FFFD}txt.exe"))
        #expect(!html.unicodeScalars.contains { (0x202A...0x202E).contains($0.value) || $0.value == 0x1B })
        #expect(!html.contains("href=\"javascript:"))
        #expect(html.contains("<a href=\"file:///home/anna/report%201.txt\""))
    }

    @Test("nothing is fetched from anywhere")
    func selfContained() {
        for source in ["src=\"", "@import", "url(", "<link", "http-equiv=\"refresh"] { #expect(!html.contains(source)) }
        #expect(html.contains("default-src 'none'"))
    }

    @Test("elements are closed in the order in which they were opened")
    func nesting() {
        var open: [Substring] = []
        let void: Set<Substring> = ["meta", "input", "br", "rect", "line"]
        let body = html.replacing(/(?s)<(script|style)>.*?<\/\1>/, with: "")
        for match in body.matches(of: /<(\/?)([a-z0-9]+)[^>]*?(\/?)>/) {
            let name = match.2
            if void.contains(name) || !match.3.isEmpty || name == "option" { continue }
            if match.1.isEmpty {
                open.append(name)
            } else {
                #expect(open.popLast() == name)
            }
        }
        #expect(open.isEmpty)
    }

    @Test("headings leave out no level, and ids are used once")
    func headings() {
        let body = html.replacing(/(?s)<(script|style)>.*?<\/\1>/, with: "")
        var last = 0
        for match in body.matches(of: /<h([1-6])[ >]/) {
            let level = Int(match.1) ?? 0
            #expect(level <= last + 1, "h\(level) after h\(last)")
            last = level
        }
        let ids = body.matches(of: /\ id="([^"]*)"/).map { String($0.1) }
        #expect(Set(ids).count == ids.count)
        for match in body.matches(of: /(?:aria-labelledby|for)="([^"]*)"|href="#([^"]*)"/) {
            let name = String(match.1 ?? match.2 ?? "")
            #expect(ids.contains(name), "nothing has the id \(name)")
        }
        for landmark in ["<header", "<main", "<footer", "role=\"search\""] { #expect(html.contains(landmark)) }
        #expect(html.contains("<html lang=\"en\">"))
    }

    @Test("the summary says it in words")
    func summary() {
        #expect(
            html.contains(
                "In 2\u{A0}min of work, 14 of 16 jobs on 8 documents were completed and 2 failed. The model read 8,000 "
                    + "tokens, of which 50\u{A0}% had been read before, and wrote 640, 5.3 a second. What took longest "
                    + "was a part of <a href=\"#job-1\">job\u{A0}1</a>, 1\u{A0}min. 1 job is still open."))
        #expect(html.contains("26 November 2026, 22:00 to 22:02"))
    }

    @Test("a quotation is marked in its context")
    func quotation() {
        #expect(
            html.contains(
                "<blockquote dir=\"auto\">The board has voted for <mark>the ferry</mark>, at last &amp; &lt;soon&gt;.…</blockquote>"
            ))
    }

    @Test("a long text is excerpted, and tells where the rest is")
    func excerpt() {
        #expect(html.contains("The text it works on, 9,000 characters"))
        #expect(html.contains("The first 52 characters of 9,000; the whole is in <a href=\"file:///home/anna/"))
    }

    @Test("a failure tells its reason")
    func failure() {
        #expect(html.contains("<p class=\"why\">Failed: <bdi>too_long: 2,310 tokens</bdi></p>"))
    }

    @Test("a night without jobs is a page, too")
    func empty() {
        var page = ReportPage(.init(title: "T", made: Date(timeIntervalSince1970: 0), version: "1"))
        let html = page.head(NightFacts(), NightCounts(completed: 0)) + page.foot()
        #expect(html.contains("Nothing was done in this time.") && html.contains("No job has ended in this time."))
    }

    @Test("judgements are shown where there are any")
    func verdict() {
        var page = ReportPage(.init(title: "T", made: Date(timeIntervalSince1970: 0), version: "1"))
        let html = page.body([
            .init(job: ReportedJob(id: 1, kind: "k", text: "A", verdict: "bad", correction: "It is <B>."))
        ])
        #expect(html.contains("<span class=\"tag bad\">judged bad</span>"))
        #expect(html.contains("Corrected to:</p><div class=\"said\" dir=\"auto\">It is &lt;B&gt;.</div>"))
    }

    // MARK: - Colours

    private static func luminance(_ colour: String) -> Double {
        let parts = stride(from: 1, to: 7, by: 2).map { offset -> Double in
            let start = colour.index(colour.startIndex, offsetBy: offset)
            let value = Double(UInt8(colour[start...].prefix(2), radix: 16) ?? 0) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }

    /// By the Web Content Accessibility Guidelines 2.2.
    private static func contrast(_ first: String, _ second: String) -> Double {
        let (a, b) = (luminance(first), luminance(second))
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }

    @Test("text has a contrast of 4.5 on its ground, shapes of 3, in light and in dark")
    func contrast() throws {
        for look in [\(name: String, light: String, dark: String).light, \.dark] {
            let colours = Dictionary(uniqueKeysWithValues: PageStyle.colours.map { ($0.name, $0[keyPath: look]) })
            func ratio(_ a: String, _ b: String) throws -> Double {
                Self.contrast(try #require(colours[a]), try #require(colours[b]))
            }
            for text in ["text", "soft", "accent", "good", "bad", "warn"] {
                #expect(try ratio(text, "ground") >= 4.5, "\(text)")
                #expect(try ratio(text, "card") >= 4.5, "\(text)")
            }
            #expect(try ratio("marked", "mark") >= 4.5)
            for shape in ["bar", "bad", "part0", "part1", "part2", "part3"] {
                #expect(try ratio(shape, "card") >= 3, "\(shape)")
            }
        }
    }

    @Test("ten thousand results are written piece by piece")
    func size() {
        var (bytes, largest) = (0, 0)
        SamplePage(documents: 5000).write {
            bytes += $0.utf8.count
            largest = max(largest, $0.utf8.count)
        }
        #expect(bytes < 16 << 20 && largest < 64 << 10, "\(bytes) bytes, the largest piece \(largest)")
    }
}
