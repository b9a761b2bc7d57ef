public import Tokenization

/// Sequences that are read side by side, without padding.
public struct TrainingBatch: Sendable {
    /// One sequence: its tokens, and what each of them is to predict.
    public struct Sequence: Sendable, Equatable {
        public var tokens: [TokenID]
        /// By position, how much predicting the *next* token counts: 0 for not at all. The last position predicts
        /// nothing.
        public var weights: [Float]

        /// - precondition: as many weights as tokens, none negative.
        public init(tokens: [TokenID], weights: [Float]) {
            precondition(tokens.count == weights.count && weights.allSatisfy { $0 >= 0 })
            self.tokens = tokens
            self.weights = weights
        }

        /// Running text: every token but the first is to be predicted.
        public init(text tokens: [TokenID]) {
            self.init(tokens: tokens, weights: [Float](repeating: 1, count: tokens.count))
        }

        /// A prompt and what is to follow it, which alone is to be predicted.
        public init(prompt: [TokenID], completion: [TokenID]) {
            let silent = [Float](repeating: 0, count: max(prompt.count - 1, 0))
            self.init(
                tokens: prompt + completion,
                weights: silent + [Float](repeating: 1, count: prompt.count + completion.count - silent.count))
        }
    }

    /// By row, the token.
    let tokens: [Int]
    /// By row, the position in its sequence.
    let positions: [Int]
    /// The rows of each sequence.
    let sequences: [Range<Int>]
    /// The rows that predict, what, and how much it counts.
    let predictions: (rows: [Int], labels: [Int], weights: [Float])

    /// What all predictions count together.
    public let totalWeight: Double

    public var tokenCount: Int { tokens.count }

    public init(_ sequences: [Sequence]) {
        var tokens: [Int] = []
        var positions: [Int] = []
        var ranges: [Range<Int>] = []
        var predictions: (rows: [Int], labels: [Int], weights: [Float]) = ([], [], [])
        for sequence in sequences where !sequence.tokens.isEmpty {
            let start = tokens.count
            tokens += sequence.tokens.map(Int.init)
            positions += 0..<sequence.tokens.count
            ranges.append(start..<tokens.count)
            for index in 0..<sequence.tokens.count - 1 where sequence.weights[index] > 0 {
                predictions.rows.append(start + index)
                predictions.labels.append(Int(sequence.tokens[index + 1]))
                predictions.weights.append(sequence.weights[index])
            }
        }
        self.tokens = tokens
        self.positions = positions
        self.sequences = ranges
        self.predictions = predictions
        totalWeight = predictions.weights.reduce(0) { $0 + Double($1) }
    }
}
