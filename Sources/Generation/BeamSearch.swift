package import Tokenization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Beam search over scores alone, as HuggingFace's `generate` does it: which texts go on, which have ended, and when to
/// stop. Where scores come from and what a text is made of is the caller's affair.
///
/// A step takes the best K = max(2, 1 + end tokens) * n continuations of all n beams. Of the first n of them, those that
/// end are finished, and the n best finished ones are kept; of all K, the best n that don't end go on. Equal scores go by
/// beam, then by token.
package struct BeamSearch<Text: Sendable>: Sendable {
    package struct Beam: Sendable {
        package var text: Text
        /// Of the processed log-probabilities.
        package var sum: Double
    }

    /// A text that ended.
    package struct Hypothesis: Sendable {
        package var text: Text
        /// The sum over the length's power.
        package var score: Double
    }

    /// One token that may continue a beam.
    package struct Continuation: Sendable {
        package let token: TokenID
        package let logprob: Double

        package init(token: TokenID, logprob: Double) {
            self.token = token
            self.logprob = logprob
        }
    }

    /// What a token makes of a text.
    package enum Extension: Sendable {
        case open(Text)
        /// Ended by an end token, which the older length doesn't count.
        case endToken(Text)
        case ended(Text)
        /// Another, likelier one says the same.
        case superfluous
    }

    private let parameters: DecodingParameters
    private let promptLength: Int
    /// The best first; one at the beginning, then up to n.
    package private(set) var running: [Beam]
    /// The best first; at most n.
    package private(set) var finished: [Hypothesis] = []
    /// Tokens of a running text, without the prompt.
    package private(set) var length = 0
    /// No step is to follow.
    package private(set) var isOver = false

    /// - parameters:
    ///   - text: what the search begins with
    ///   - promptLength: for the older length penalty
    package init(from text: Text, promptLength: Int, _ parameters: DecodingParameters) {
        self.parameters = parameters
        self.promptLength = promptLength
        running = [Beam(text: text, sum: 0)]
    }

    /// K: no beam needs to offer more continuations.
    package static func continuationCount(_ parameters: DecodingParameters) -> Int {
        max(2, 1 + parameters.endTokens.count) * parameters.beamCount
    }

    /// Extends the beams by a token each.
    ///
    /// - parameters:
    ///   - offers: for each beam its K best continuations, the best first; a forbidden one is not among them
    ///   - extend: what a continuation makes of the text of the beam at an index
    /// - returns: for each text that runs on, the index of the beam that it continues.
    package mutating func advance<Failure: Error>(
        _ offers: [[Continuation]],
        extend: (_ beam: Int, _ text: Text, Continuation) throws(Failure) -> Extension
    ) throws(Failure) -> [Int] {
        precondition(offers.count == running.count && !isOver)
        length += 1
        var next: [Beam] = []
        var parents: [Int] = []
        for (rank, (beam, continuation, sum)) in best(of: offers).enumerated() {
            // Past the first n, only places among the running ones are to be had.
            if rank >= parameters.beamCount, next.count == parameters.beamCount { break }
            let extended = try extend(beam, running[beam].text, continuation)
            switch extended {
            case .open(let text) where length < parameters.maxNewTokens:
                guard next.count < parameters.beamCount else { continue }
                next.append(Beam(text: text, sum: sum))
                parents.append(beam)
            case .open(let text), .ended(let text):
                if rank < parameters.beamCount { finish(text, sum, counted: length) }
            case .superfluous: continue
            case .endToken(let text):
                if rank < parameters.beamCount {
                    finish(text, sum, counted: parameters.lengthPenaltyIncludesPrompt ? length - 1 : length)
                }
            }
        }
        running = next
        isOver = running.isEmpty || mustStop
        return parents
    }

    /// Finished and running texts, scored as if all ended now, the best first.
    package var standing: [Hypothesis] {
        let open = running.map { Hypothesis(text: $0.text, score: score($0.sum, length: max(length, 1))) }
        return (finished + open).enumerated()
            .sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
    }

    /// The best K continuations of all beams.
    private func best(of offers: [[Continuation]]) -> [(beam: Int, continuation: Continuation, sum: Double)] {
        let all = offers.enumerated().flatMap { beam, offer in
            offer.map { (beam: beam, continuation: $0, sum: running[beam].sum + $0.logprob) }
        }
        let ranked = all.sorted { a, b in
            if a.sum != b.sum { return a.sum > b.sum }
            return (a.beam, a.continuation.token) < (b.beam, b.continuation.token)
        }
        return Array(ranked.prefix(Self.continuationCount(parameters)))
    }

    private mutating func finish(_ text: Text, _ sum: Double, counted: Int) {
        let score = score(sum, length: counted)
        let place = finished.firstIndex { $0.score < score } ?? finished.endIndex
        finished.insert(Hypothesis(text: text, score: score), at: place)
        if finished.count > parameters.beamCount { finished.removeLast() }
    }

    /// Whether what runs on can't change the outcome any more, as far as `early_stopping` wants to know.
    private var mustStop: Bool {
        guard finished.count == parameters.beamCount, let worst = finished.last, let best = running.first else {
            return false
        }
        let hopedLength: Int
        switch parameters.earlyStopping {
        case .atOnce: return true
        case .heuristic: hopedLength = length
        case .never: hopedLength = parameters.lengthPenalty > 0 ? parameters.maxNewTokens : length
        }
        return score(best.sum, length: hopedLength) <= worst.score
    }

    private func score(_ sum: Double, length: Int) -> Double {
        let counted = parameters.lengthPenaltyIncludesPrompt ? promptLength + length : length
        return sum / pow(Double(counted), parameters.lengthPenalty)
    }
}
