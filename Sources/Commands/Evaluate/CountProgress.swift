import Foundation

/// How many of a known number are done, on standard error: on a terminal one line that is written over, elsewhere a line
/// every ten seconds.
struct CountProgress {
    private let total: Int
    private let verb: String
    private let line = ProgressLine()
    private let start = ContinuousClock.now
    private var written = ContinuousClock.now

    /// - parameter verb: what is done: "wrote"
    init(of total: Int, verb: String) {
        self.total = total
        self.verb = verb
    }

    mutating func update(done: Int) {
        let now = ContinuousClock.now
        if Console.errorIsTerminal {
            line.update(Self.text(verb: verb, done: done, of: total, elapsed: now - start))
        } else if now - written >= .seconds(10) {
            written = now
            Console.note(Self.text(verb: verb, done: done, of: total, elapsed: now - start))
        }
    }

    /// Makes room for another line.
    func clear() { line.clear() }

    func finish() { line.clear() }

    /// "wrote 12 of 40 (30 %), 5.1 a second, 6 s left".
    private static func text(verb: String, done: Int, of total: Int, elapsed: Duration) -> String {
        let rate = Double(done) / max(elapsed / .seconds(1), 1e-3)
        let speed = rate >= 1 ? String(format: "%.1f a second", rate) : String(format: "%.1f a minute", 60 * rate)
        let left = rate > 0 ? ", \(time(Double(total - done) / rate)) left" : ""
        return "\(verb) \(done) of \(total) (\(100 * done / max(total, 1)) %), \(speed)\(left)"
    }

    /// "50 s", "12 min", "3 h 5 min".
    private static func time(_ seconds: Double) -> String {
        if seconds < 60 { return "\(Int(seconds.rounded(.up))) s" }
        let minutes = Int((seconds / 60).rounded(.up))
        return minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }
}
