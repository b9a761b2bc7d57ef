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
    /// What changes rows, in the order in which it is added to them: every row's first adapter, every row's second.
    private(set) var changes: [AdapterRows] = []

    mutating func append(_ step: SequenceStep, firstPosition: Int, pages: [Int]) {
        if step.tokens.isEmpty { return }
        let first = tokens.count
        let firstOutput = outputRows.count
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
        for (place, entry) in step.adapters.entries.enumerated() {
            guard let adapter = entry.weights as? GPTJAdapter else { preconditionFailure("another network's adapter") }
            let rows = changes.firstIndex { $0.place == place && $0.adapter === adapter } ?? insert(adapter, at: place)
            changes[rows].all.append(first..<tokens.count, scale: entry.scale)
            changes[rows].outputs.append(firstOutput..<outputRows.count, scale: entry.scale)
        }
    }

    private mutating func insert(_ adapter: GPTJAdapter, at place: Int) -> Int {
        let index = changes.firstIndex { $0.place > place } ?? changes.count
        changes.insert(AdapterRows(adapter: adapter, place: place), at: index)
        return index
    }
}

/// The rows of a step that one adapter changes.
struct AdapterRows {
    let adapter: GPTJAdapter
    /// Where the adapter stands in the rows' mixes.
    let place: Int
    /// Among all rows.
    var all = ChangedRows()
    /// Among the rows that logits are wanted of.
    var outputs = ChangedRows()
}

extension ChangedRows {
    fileprivate mutating func append(_ rows: Range<Int>, scale: Float) {
        self.rows += rows
        scales += repeatElement(scale, count: rows.count)
    }
}
