import Generation
import Testing
import Tokenization

/// Searches worked out by hand: texts are token lists, 0 is the end token.
@Suite("Beam search")
struct BeamSearchTests {
    private func search(
        beams: Int = 2, maxNewTokens: Int = 10, promptLength: Int = 6,
        _ change: (inout DecodingParameters) -> Void = { _ in }
    ) -> BeamSearch<[TokenID]> {
        var parameters = DecodingParameters(maxNewTokens: maxNewTokens)
        parameters.beamCount = beams
        parameters.endTokens = [0]
        change(&parameters)
        return BeamSearch(from: [], promptLength: promptLength, parameters)
    }

    /// One step; each beam's continuations as (token, log-probability).
    private func advance(_ search: inout BeamSearch<[TokenID]>, _ offers: [[(TokenID, Double)]]) -> [Int] {
        search.advance(offers.map { $0.map { .init(token: $0.0, logprob: $0.1) } }) { _, text, continuation in
            let text = text + [continuation.token]
            return continuation.token == 0 ? .endToken(text) : .open(text)
        }
    }

    @Test("the best sums go on, whichever beam they come from")
    func bestSums() {
        var search = search()
        #expect(advance(&search, [[(5, -1), (6, -2), (7, -3)]]) == [0, 0])
        #expect(search.running.map(\.text) == [[5], [6]])
        #expect(advance(&search, [[(1, -4), (2, -4.5)], [(1, -0.5), (2, -1)]]) == [1, 1])
        #expect(search.running.map(\.text) == [[6, 1], [6, 2]])
        #expect(search.running.map(\.sum) == [-2.5, -3])
        #expect(search.finished.isEmpty && !search.isOver)
    }

    @Test("of equal sums the first beam's go first, then the lower token's")
    func ties() {
        var search = search()
        _ = advance(&search, [[(8, -1), (3, -1), (4, -1)]])
        #expect(search.running.map(\.text) == [[3], [4]])
        #expect(advance(&search, [[(9, -1)], [(1, -1), (2, -1)]]) == [0, 1])
        #expect(search.running.map(\.text) == [[3, 9], [4, 1]])
    }

    @Test("an end counts among the first n continuations only, and its place is taken by the next best")
    func ends() {
        var search = search()
        _ = advance(&search, [[(0, -1), (5, -2), (6, -3)]])
        #expect(search.finished.map(\.text) == [[0]])
        #expect(search.finished.map(\.score) == [-1])
        #expect(search.running.map(\.text) == [[5], [6]])
        // Ranks: 5 7, 5 8, then two ends, which come too late.
        _ = advance(&search, [[(7, -0.25), (8, -0.5), (0, -0.75)], [(0, -1)]])
        #expect(search.finished.count == 1)
        #expect(search.running.map(\.text) == [[5, 7], [5, 8]])
    }

    @Test("the length's power divides the sum, the end token counted")
    func lengthPenalty() {
        for (penalty, score) in [(1.0, -1.5), (2.0, -0.75), (0.0, -3.0), (-1.0, -6.0)] {
            var search = search { $0.lengthPenalty = penalty }
            _ = advance(&search, [[(5, -1), (6, -9)]])
            _ = advance(&search, [[(0, -2), (1, -3)], [(1, -5)]])
            #expect(search.finished.map(\.score) == [score])
        }
    }

    @Test("the older length counts the prompt, but not the end token")
    func olderLength() {
        var search = search(maxNewTokens: 2, promptLength: 6) { $0.lengthPenaltyIncludesPrompt = true }
        _ = advance(&search, [[(5, -1), (6, -2)]])
        _ = advance(&search, [[(0, -6), (1, -7)], [(1, -14)]])
        #expect(search.finished.map(\.text) == [[5, 0], [5, 1]])
        #expect(search.finished.map(\.score) == [-1, -1], "7 over 6 + 1 and 8 over 6 + 2")
        #expect(search.isOver)
    }

    /// Two texts have ended with -1 and -1.5; the best that runs on has -2.8 after two tokens, of at most ten.
    private func undecided(_ earlyStopping: DecodingParameters.EarlyStopping, best: Double = -2.8) -> BeamSearch<
        [TokenID]
    > {
        var search = search { $0.earlyStopping = earlyStopping }
        _ = advance(&search, [[(0, -1), (5, -2), (6, -2)]])
        #expect(search.finished.map(\.score) == [-1])
        _ = advance(&search, [[(0, -1), (1, best + 2)], [(1, -20)]])
        #expect(search.finished.map(\.score) == [-1, -1.5])
        return search
    }

    @Test("early stopping ends with the n-th text, by heuristic or when nothing can win any more")
    func earlyStopping() {
        #expect(undecided(.atOnce).isOver)
        // -2.8 / 2 is better than -1.5: not over yet.
        #expect(!undecided(.heuristic).isOver)
        // -3.2 / 2 isn't; but ten tokens of that sum would be.
        #expect(undecided(.heuristic, best: -3.2).isOver)
        #expect(!undecided(.never, best: -3.2).isOver)
        // Not even ten tokens make up for -16.
        #expect(undecided(.never, best: -16).isOver)
    }

    @Test("a later, better text displaces the worst that ended")
    func displacement() {
        var search = search { $0.lengthPenalty = 2 }
        _ = advance(&search, [[(0, -4), (5, -5), (6, -5)]])
        _ = advance(&search, [[(0, -5), (1, -1)], [(2, -1)]])
        // -10 / 4 goes before -4; at rank 3, so that it doesn't count.
        #expect(search.finished.map(\.score) == [-4])
        _ = advance(&search, [[(0, -1)], [(0, -2), (1, -2.5)]])
        #expect(search.finished.map(\.text) == [[5, 1, 0], [6, 2, 0]])
        #expect(search.finished.map(\.score) == [-7.0 / 9, -8.0 / 9])
    }

    @Test("at the last token the first n continuations end, whatever they are")
    func lastToken() {
        var search = search(maxNewTokens: 1)
        #expect(advance(&search, [[(5, -1), (0, -2), (6, -3)]]) == [])
        #expect(search.isOver)
        #expect(search.finished.map(\.text) == [[5], [0]])
    }

    @Test("nothing to go on with ends the search")
    func deadEnd() {
        var search = search()
        #expect(advance(&search, [[]]) == [])
        #expect(search.isOver && search.finished.isEmpty)
    }

    @Test("texts can be ranked before the search is over")
    func standing() {
        var search = search()
        _ = advance(&search, [[(0, -2), (5, -1), (6, -3)]])
        #expect(search.standing.map(\.text) == [[5], [0], [6]])
        #expect(search.standing.map(\.score) == [-1, -2, -3])
    }
}
