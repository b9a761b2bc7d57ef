import Commands
import JobStore
import Testing

@Suite("The screen of watch")
struct WatchScreenTests {
    private let plain = TerminalStyle(isColoured: false)

    private var screen: WatchScreen {
        WatchScreen(
            path: "/home/anna/queue.db", clock: "22:31:05",
            queues: [
                .init(
                    row: QueueStatusRow(queue: "default", available: 28, running: 2, completed: 64, discarded: 2),
                    ready: "03:12"),
                .init(row: QueueStatusRow(queue: "night", paused: true, scheduled: 5), ready: "stuck"),
            ],
            workers: ["4711 on tower, up 2 hours, 2 jobs in hand, gpt-j-6b int8"],
            running: [
                RunningRow(id: 12, kind: "summarize", document: "Report\u{1B}[2J of the board", progress: 0.355),
                RunningRow(id: 113, kind: "answer", document: "年次報告書", part: 4),
            ],
            runningCount: 2, ages: [12: 41, 113: 3],
            ended: [
                EndedRow(
                    id: 11, kind: "summarize", state: "completed", document: "Minutes", text: "The board\nvoted.",
                    milliseconds: 43_000),
                EndedRow(
                    id: 9, kind: "summarize", state: "discarded", document: "Long", error: "too_long: 2,310 tokens"),
            ],
            speeds: [0, 1, 2, 4, 8, 5.1], left: "1 h 20 min (1 h to 1 h 45 min)", selected: 1)
    }

    @Test("it shows queues, workers, running jobs, what ended, the speed and the keys")
    func whole() {
        #expect(
            screen.lines(width: 80, height: 22, style: plain) == [
                "nightshift  /home/anna/queue.db                                         22:31:05", "",
                "   queue    state   waiting  later  running  done  failed  ready",
                "   default  open         28      0        2    64       2  03:12",
                "▸  night    paused        0      5        0     0       0  stuck", "",
                "worker 4711 on tower, up 2 hours, 2 jobs in hand, gpt-j-6b int8", "", "running (2)",
                " 12  ▕████▎       ▏  35 %  00:41  summarize  Report\u{FFFD}[2J of the board",
                "113  ▕            ▏   0 %  00:03  answer, part 4  年次報告書", "", "latest",
                "✓ 11  summarize  00:43  Minutes  The board voted.", "✗ 9  summarize  Long  too_long: 2,310 tokens", "",
                " ▂▃▅█▆ 5.1 tok/s, at most 8.0 in 30 min  left: 1 h 20 min (1 h to 1 h 45 min)", "", "", "", "",
                "q quit  ↑↓ choose a queue  p pause  r resume  tab failures",
            ])
    }

    @Test("it fits any terminal", arguments: [1, 10, 33, 80, 300], [1, 2, 5, 10, 24, 100])
    func sizes(width: Int, height: Int) {
        for style in [plain, TerminalStyle(isColoured: true)] {
            let lines = screen.lines(width: width, height: height, style: style)
            #expect(lines.count <= height)
            for line in lines {
                let bare = line.replacing(/\u{1B}\[[0-9;]*m/, with: "")
                #expect(DisplayText.width(of: bare) <= width, "\(bare)")
            }
        }
    }

    @Test("of many queues those around the chosen one are shown")
    func manyQueues() {
        var screen = screen
        screen.queues = (0..<40).map { .init(row: QueueStatusRow(queue: "q\($0)")) }
        screen.selected = 20
        let lines = screen.lines(width: 80, height: 30, style: plain)
        #expect(lines.contains { $0.hasPrefix("▸  q20 ") } && !lines.contains { $0.contains("q0 ") })
    }

    @Test("an empty queue says what to do")
    func empty() {
        let lines = WatchScreen(path: "q", clock: "22:31:05", queues: []).lines(width: 60, height: 20, style: plain)
        #expect(lines.contains("No worker is running; start one with: nightshift work"))
        #expect(lines.contains("nothing yet") && lines.contains("no tokens in the last 30 min"))
    }

    @Test("keys are told from what else a terminal sends")
    func keys() {
        #expect(WatchKey.keys(in: Array("q".utf8)) == [.quit])
        #expect(
            WatchKey.keys(in: Array("\u{1B}[A\u{1B}[B\u{1B}OA\u{1B}[Z\tprx".utf8)) == [
                .up, .down, .up, .other, .other, .pause, .resume,
            ])
        #expect(WatchKey.keys(in: Array("\u{1B}[1;5C\u{1B}[<0;1;1M\u{1B}".utf8)) == [])
    }
}
