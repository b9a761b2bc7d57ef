import Commands
import Testing

@Suite("Progress of work")
struct WorkProgressTests {
    private let plain = TerminalStyle(isColoured: false)
    private let progress = WorkProgress(
        done: 12, total: 40, failed: 1, tokensPerSecond: 5.13, elapsed: 41, left: 96)

    @Test(
        "the line fits any width: first the speed goes, then the time, then the failures",
        arguments: [
            (100, "12/40 ▕██████              ▏ 30 % · 5.1 tok/s · 00:41<01:36 · 1 failed"),
            (60, "12/40 ▕██▋      ▏ 30 % · 5.1 tok/s · 00:41<01:36 · 1 failed"),
            (50, "12/40 ▕███▎       ▏ 30 % · 00:41<01:36 · 1 failed"),
            (40, "12/40 ▕████▌          ▏ 30 % · 1 failed"), (20, "12/40 ▕█▊    ▏ 30 %"), (12, "12/40 30 %"),
            (5, "12/4"), (1, "1"), (0, "1"),
        ])
    func widths(width: Int, line: String) {
        let shown = progress.line(width: width, style: plain)
        #expect(shown == line)
        #expect(DisplayText.width(of: shown) <= max(1, width - 1))
    }

    @Test("no width makes a line that is too long, whatever there is to tell")
    func everyWidth() {
        for total in [0, 1, 40, 100_000] {
            for failed in [0, 3, 99_999] {
                for left in [nil, 5.0, 1e12] {
                    let progress = WorkProgress(
                        done: total / 2, total: total, failed: failed, tokensPerSecond: failed > 0 ? 1e7 : nil,
                        elapsed: 1e5, left: left)
                    for width in 1...120 {
                        #expect(DisplayText.width(of: progress.line(width: width, style: plain)) <= max(1, width - 1))
                    }
                }
            }
        }
    }

    @Test("jobs under way move the bar, in eighths of a column")
    func underWay() {
        let progress = WorkProgress(done: 0, underWay: 0.5, total: 4, elapsed: 3)
        #expect(progress.line(width: 40, style: plain) == "0/4 ▕██▌                 ▏ 12 % · 00:03")
    }

    @Test("terminals that know no other are given ASCII")
    func ascii() {
        #expect(
            progress.line(width: 60, style: plain, isPlain: true)
                == "12/40 [##       ] 30 % | 5.1 tok/s | 00:41<01:36 | 1 failed")
    }

    @Test("failures are red where there are colours")
    func colours() {
        let line = progress.line(width: 100, style: TerminalStyle(isColoured: true))
        #expect(line.hasSuffix("\u{1B}[31m1 failed\u{1B}[0m"))
    }

    @Test("in a log it is a sentence")
    func text() {
        #expect(progress.text == "12 of 40 jobs done (30 %), 5.1 tok/s, 00:41 so far, about 01:36 to go, 1 failed")
        #expect(
            WorkProgress(done: 1, total: 1, elapsed: 100_000).text == "1 of 1 jobs done (100 %), 1d 03h so far")
    }
}
