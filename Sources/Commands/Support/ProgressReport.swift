/// How far the reading of many bytes has come, on standard error: on a terminal a bar that is drawn again and again,
/// elsewhere a line every ten seconds.
struct ProgressReport {
    private let verb: String
    private let bar = ProgressLine()
    private let start = ContinuousClock.now
    /// When the last line was written where there is no terminal.
    private var written: ContinuousClock.Instant

    /// - parameter verb: what is done to the bytes: "read".
    init(verb: String) {
        self.verb = verb
        written = start
    }

    mutating func update(done: Int, of total: Int) {
        let now = ContinuousClock.now
        func line() -> String { Self.line(verb: verb, done: done, of: total, elapsed: now - start) }
        if Console.errorIsTerminal {
            bar.update(Self.bar(done: done, of: total) + " " + line())
        } else if now - written >= .seconds(10) {
            written = now
            Console.note(line())
        }
    }

    /// Takes the bar away.
    func finish() { bar.clear() }

    private static func bar(done: Int, of total: Int) -> String {
        let (length, filled) = (24, total > 0 ? 24 * done / total : 24)
        return "[" + String(repeating: "#", count: filled) + String(repeating: " ", count: length - filled) + "]"
    }

    /// "read 3.2 GB of 12.1 GB (26 %), 1.1 GB/s, 8 s left".
    private static func line(verb: String, done: Int, of total: Int, elapsed: Duration) -> String {
        let rate = Double(done) / max(elapsed / .seconds(1), 1e-3)
        let percent = total > 0 ? 100 * done / total : 100
        let left = rate > 0 ? ", \(Int((Double(total - done) / rate).rounded(.up))) s left" : ""
        return "\(verb) \(done.byteText) of \(total.byteText) (\(percent) %), \(Int(rate).byteText)/s\(left)"
    }
}
