import Generation
import Kernels

/// The tokens of one step, those of all sequences one after the other: a row each, no padding.
struct RaggedBatch {
    /// Vocabulary rows, one for each row of the batch.
    private(set) var tokens: [Int] = []
    /// Each row's position in its own sequence.
    private(set) var positions: [Int] = []
    /// Where each sequence's rows lie.
    private(set) var spans: [SequenceSpan] = []
    /// The rows that logits are wanted of.
    private(set) var outputRows: [Int] = []

    mutating func append(_ step: SequenceStep, firstPosition: Int, pages: [Int]) {
        if step.tokens.isEmpty { return }
        let first = tokens.count
        spans.append(
            SequenceSpan(
                firstRow: first, rowCount: step.tokens.count, firstPosition: firstPosition, pages: pages))
        tokens += step.tokens.map(Int.init)
        positions += firstPosition..<firstPosition + step.tokens.count
        switch step.output {
        case .none: break
        case .last: outputRows.append(tokens.count - 1)
        case .all: outputRows += first..<tokens.count
        }
    }
}
