package import JobStore

/// What `watch` shows, as lines of text: no terminal is needed to make them.
package struct WatchScreen: Sendable {
    /// A queue with when it will be done.
    package struct Queue: Sendable {
        package var row: QueueStatusRow
        /// `03:12`, `stuck`; `nil` where nothing is known or nothing is open.
        package var ready: String?

        package init(row: QueueStatusRow, ready: String? = nil) {
            self.row = row
            self.ready = ready
        }
    }

    package var path: String
    /// The time of day.
    package var clock: String
    package var queues: [Queue]
    /// `4711 on host, up 2 hours, 8 jobs in hand, gpt-j-6b int8`.
    package var workers: [String]
    package var running: [RunningRow]
    package var runningCount: Int
    /// Seconds that each of the running jobs has been running.
    package var ages: [Int64: Double]
    package var ended: [EndedRow]
    /// Tokens a second, the latest last.
    package var speeds: [Double]
    package var speedMinutes: Int
    /// `1 h 20 min (1 h to 1 h 45 min)`; `nil` where nothing is known.
    package var left: String?
    package var selected: Int
    package var showsFailures: Bool
    /// What a key has done.
    package var message: String?

    package init(
        path: String, clock: String, queues: [Queue], workers: [String] = [], running: [RunningRow] = [],
        runningCount: Int = 0, ages: [Int64: Double] = [:], ended: [EndedRow] = [], speeds: [Double] = [],
        speedMinutes: Int = 30, left: String? = nil, selected: Int = 0, showsFailures: Bool = false,
        message: String? = nil
    ) {
        self.path = path
        self.clock = clock
        self.queues = queues
        self.workers = workers
        self.running = running
        self.runningCount = runningCount
        self.ages = ages
        self.ended = ended
        self.speeds = speeds
        self.speedMinutes = speedMinutes
        self.left = left
        self.selected = selected
        self.showsFailures = showsFailures
        self.message = message
    }

    /// The screen, no line wider than `width` columns and no more lines than `height`.
    package func lines(width: Int, height: Int, style: TerminalStyle) -> [String] {
        let width = max(width, 1)
        var sections = [queueLines(width, style), workerLines(width, style)]
        let (speed, keys) = (speedLine(width, style), keyLine(width, style))
        // Head, an empty line before each section, the speed and the keys.
        let fixed = 1 + sections.reduce(0) { $0 + $1.count + 1 } + 2 + 2
        let room = max(0, height - fixed)
        // The running jobs take what they need, at most half; the rest shows what has ended.
        let runningRoom = min(running.count + 1, max(2, room / 2))
        sections.append(runningLines(width, style, most: max(0, runningRoom - 1)))
        sections.append(endedLines(width, style, most: max(0, room - runningRoom - 2)))
        var lines = [head(width, style)]
        for section in sections where !section.isEmpty { lines += [""] + section }
        lines += ["", speed]
        while lines.count < height - 1 { lines.append("") }
        return Array(lines.prefix(max(1, height - 1))) + (height > 1 ? [keys] : [])
    }

    private func head(_ width: Int, _ style: TerminalStyle) -> String {
        let name = "nightshift"
        let path = DisplayText.cut(DisplayText.line(path), to: max(0, width - name.count - clock.count - 4))
        let gap = width - name.count - 2 - DisplayText.width(of: path) - clock.count
        guard gap > 0 else { return style.paint(DisplayText.cut(name, to: width), .bold) }
        return style.paint(name, .bold) + "  " + style.paint(path, .dim) + String(repeating: " ", count: gap) + clock
    }

    private func queueLines(_ width: Int, _ style: TerminalStyle) -> [String] {
        // On a narrow screen what is said least often gives way to the end, which is what people look for.
        let hasLater = width >= 66
        var table = TextTable(
            [
                .init(""), .init("queue", isFlexible: true),
                .init("state", look: { $0 == "open" ? nil : .yellow }), .init("waiting", .right),
            ] + (hasLater ? [.init("later", .right)] : []) + [
                .init("running", .right, look: { $0 == "0" ? nil : .cyan }), .init("done", .right),
                .init("failed", .right, look: { $0 == "0" ? nil : .red }), .init("ready", .right),
            ])
        for (index, queue) in queues.enumerated() {
            let row = queue.row
            let state = row.paused ? "paused" : row.openNow ? "open" : "closed"
            table.append(
                [index == selected ? "▸" : "", row.queue, state, "\(row.available)"]
                    + (hasLater ? ["\(row.scheduled + row.pending)"] : [])
                    + ["\(row.running)", "\(row.completed)", "\(row.discarded)", queue.ready ?? ""])
        }
        // Beyond a handful of queues, those around the chosen one.
        let lines = table.lines(width: width, style: style)
        let most = 6
        guard lines.count > most + 1 else { return lines.map { fit($0, width) } }
        let first = min(max(0, selected - most / 2), lines.count - 1 - most)
        return ([lines[0]] + lines[(first + 1)...(first + most)]).map { fit($0, width) }
    }

    private func workerLines(_ width: Int, _ style: TerminalStyle) -> [String] {
        guard !workers.isEmpty else {
            return [
                style.paint(
                    DisplayText.cut("No worker is running; start one with: nightshift work", to: width), .yellow)
            ]
        }
        let shown = workers.prefix(4).map { DisplayText.cut("worker " + DisplayText.line($0), to: width) }
        return shown + (workers.count > 4 ? ["and \(workers.count - 4) more"] : [])
    }

    private func runningLines(_ width: Int, _ style: TerminalStyle, most: Int) -> [String] {
        let title = style.paint(DisplayText.cut("running (\(runningCount))", to: width), .bold)
        guard most > 0, !running.isEmpty else { return [title] }
        let idWidth = running.prefix(most).map { "\($0.id)".count }.max() ?? 1
        let lines = running.prefix(most).map { row in
            let share = min(max(row.progress ?? 0, 0), 1)
            let id = String(repeating: " ", count: idWidth - "\(row.id)".count) + "\(row.id)"
            let percent = "\(Int(100 * share))"
            let age = ages[row.id].map(WorkProgress.clock) ?? ""
            let bar = width >= 50 ? WorkProgress.bar(share, length: 12, false) + " " : ""
            let front = "\(id)  \(bar)\(String(repeating: " ", count: max(0, 3 - percent.count)))\(percent) %  \(age)  "
            let part = row.part.map { ", part \($0)" } ?? ""
            let name = "\(DisplayText.line(row.kind))\(part)  \(DisplayText.line(row.document ?? "", limit: 400))"
            return DisplayText.cut(front + name, to: width)
        }
        return [title] + lines
    }

    private func endedLines(_ width: Int, _ style: TerminalStyle, most: Int) -> [String] {
        guard most > 0 else { return [] }
        let title = style.paint(DisplayText.cut(showsFailures ? "failures" : "latest", to: width), .bold)
        guard !ended.isEmpty else {
            return [title, DisplayText.cut(showsFailures ? "none" : "nothing yet", to: width)]
        }
        return [title]
            + ended.prefix(most).map { row in
                let marks: [String: (String, TerminalStyle.Look)] = [
                    "completed": ("✓", .green), "discarded": ("✗", .red), "cancelled": ("–", .dim),
                ]
                let (mark, look) = marks[row.state] ?? (" ", .dim)
                let time = row.milliseconds.map { WorkProgress.clock(Double($0) / 1000) + "  " } ?? ""
                let what = row.state == "completed" ? row.text ?? "" : row.error ?? row.state
                let name = DisplayText.cut(DisplayText.line(row.document ?? "", limit: 200), to: max(8, width / 4))
                let front = "\(row.id)  \(DisplayText.line(row.kind))  \(time)\(name)\(name.isEmpty ? "" : "  ")"
                let text = front + DisplayText.line(what, limit: 800)
                guard width > 2 else { return style.paint(mark, look) }
                return style.paint(mark, look) + " " + DisplayText.cut(text, to: max(0, width - 2))
            }
    }

    private func speedLine(_ width: Int, _ style: TerminalStyle) -> String {
        let best = speeds.max() ?? 0
        func text(_ value: Double) -> String { "\((min(max(value, 0), 1e9) * 10).rounded() / 10)" }
        let left = left.map { "  left: \($0)" } ?? ""
        guard best > 0 else { return DisplayText.cut("no tokens in the last \(speedMinutes) min\(left)", to: width) }
        let marks = Array("▁▂▃▄▅▆▇█")
        let words = " \(text(speeds.last ?? 0)) tok/s, at most \(text(best)) in \(speedMinutes) min\(left)"
        let room = min(speeds.count, max(0, width - DisplayText.width(of: words)))
        let line = speeds.suffix(room).map { speed in
            speed <= 0 ? " " : String(marks[min(marks.count - 1, Int(speed / best * Double(marks.count)))])
        }.joined()
        return style.paint(line, .cyan) + DisplayText.cut(words, to: width - room)
    }

    private func keyLine(_ width: Int, _ style: TerminalStyle) -> String {
        if let message { return style.paint(DisplayText.cut(DisplayText.line(message), to: width), .yellow) }
        let keys = "q quit  ↑↓ choose a queue  p pause  r resume  tab \(showsFailures ? "latest" : "failures")"
        return style.paint(DisplayText.cut(keys, to: width), .dim)
    }

    /// A painted line that can't be cut is left as it is where it fits.
    private func fit(_ line: String, _ width: Int) -> String {
        var (result, used, isEscape) = ("", 0, false)
        for character in line {
            if character == "\u{1B}" { isEscape = true }
            if isEscape {
                result.append(character)
                if character.isLetter { isEscape = false }
                continue
            }
            used += DisplayText.width(of: character)
            if used <= width { result.append(character) }
        }
        return result
    }
}
