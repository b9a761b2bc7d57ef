public import JobStore

/// Tokens written in each of some stretches of the last time.
public struct Throughput: Sendable {
    /// Milliseconds since 1970 at which the last stretch ends.
    private let end: Int64
    private let width: Int64
    private var tokens: [Double]

    /// - Parameters:
    ///   - end: milliseconds since 1970
    ///   - seconds: of each stretch
    public init(end: Int64, seconds: Int, count: Int) {
        self.end = end
        width = Int64(seconds) * 1000
        tokens = Array(repeating: 0, count: count)
    }

    /// Spreads the attempt's tokens over the time in which they were written.
    public mutating func count(_ fact: AttemptFact) {
        let from = max(fact.claimedAt, fact.finishedAt - Int64(fact.generateMilliseconds))
        let length = max(1, fact.finishedAt - from)
        let start = end - width * Int64(tokens.count)
        for index in tokens.indices {
            let (begin, stop) = (start + width * Int64(index), start + width * Int64(index + 1))
            let shared = min(fact.finishedAt, stop) - max(from, begin)
            // What took no time at all counts where it ended.
            let isThere = from == fact.finishedAt && begin < from && from <= stop
            if shared > 0 || isThere {
                tokens[index] += Double(fact.completionTokens) * (isThere ? 1 : Double(shared) / Double(length))
            }
        }
    }

    /// Tokens a second.
    public var speeds: [Double] { tokens.map { $0 / (Double(width) / 1000) } }
}
