import Foundation

/// How far the reading of many bytes has come, on standard error: on a terminal a bar that is drawn again and again,
/// elsewhere a line every ten seconds.
struct ProgressReport {
    private let verb: String
    private let isOnTerminal = Console.errorIsTerminal
    private let start = ContinuousClock.now
    private var shown: ContinuousClock.Instant
    private var hasBar = false

    /// - parameter verb: what is done to the bytes: "read".
    init(verb: String) {
        self.verb = verb
        shown = start
    }

    mutating func update(done: Int, of total: Int) {
        let now = ContinuousClock.now
        guard now - shown >= (isOnTerminal ? .milliseconds(100) : .seconds(10)) else { return }
        shown = now
        let line = Self.line(verb: verb, done: done, of: total, elapsed: now - start)
        if isOnTerminal {
            Console.noteInPlace(Self.bar(done: done, of: total) + " " + line)
            hasBar = true
        } else {
            Console.note(line)
        }
    }

    /// Takes the bar away.
    mutating func finish() {
        if hasBar { Console.noteInPlace("") }
        hasBar = false
    }

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
