/// Finds stop strings in a text that comes piece by piece, and holds back what may be the beginning of one.
///
/// The stop string that is complete first wins, the longest of those that end together: so the outcome doesn't depend on
/// where the pieces' borders fall. Works on UTF-8 bytes, so that Unicode normalization can neither hide nor invent a match.
package struct StopScanner: Sendable {
    private let stops: [[UInt8]]
    /// Bytes that were not handed on yet: a suffix that may grow into a stop string.
    private var held: [UInt8] = []
    package private(set) var isStopped = false

    package init(_ stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    }

    /// Takes the next piece and returns what is certain to stand before any stop string.
    package mutating func append(_ piece: String) -> String {
        guard !isStopped else { return "" }
        guard !stops.isEmpty else { return piece }
        held += Array(piece.utf8)
        if let start = firstStop() {
            isStopped = true
            return take(start)
        }
        return take(firstPossibleStart())
    }

    /// The rest, when no more text comes.
    package mutating func finish() -> String {
        isStopped ? "" : take(held.count)
    }

    /// Where the stop string begins that is complete first.
    private func firstStop() -> Int? {
        let matches = stops.compactMap { stop in
            held.indices.first { held[$0...].starts(with: stop) }.map { (end: $0 + stop.count, start: $0) }
        }
        return matches.min { $0 < $1 }?.start
    }

    /// Where the first suffix begins that is a beginning of a stop string.
    private func firstPossibleStart() -> Int {
        held.indices.first { start in stops.contains { $0.starts(with: held[start...]) } } ?? held.count
    }

    private mutating func take(_ count: Int) -> String {
        defer { held.removeFirst(count) }
        // Stop strings are whole characters, so that the cut never falls within one.
        return String(decoding: held[..<count], as: UTF8.self)
    }
}
