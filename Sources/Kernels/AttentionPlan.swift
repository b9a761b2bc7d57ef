internal import CKernels

/// Tokens of one sequence within a step.
public struct SequenceSpan: Sendable {
    /// The first of the step's rows that is the sequence's.
    public var firstRow: Int
    /// Its rows: consecutive tokens.
    public var rowCount: Int
    /// The position of the first of them in its sequence.
    public var firstPosition: Int
    /// The sequence's pages in order; they reach at least to the last row's position.
    public var pages: [Int]

    public init(firstRow: Int, rowCount: Int, firstPosition: Int, pages: [Int]) {
        self.firstRow = firstRow
        self.rowCount = rowCount
        self.firstPosition = firstPosition
        self.pages = pages
    }
}

/// Which rows of a step go over which pages together: made once a step, followed in every layer and head.
///
/// Sequences that begin with the same pages (a document's questions, a prompt's beams) go over them side by side, so
/// that each page is read once for all of them. Rows are ordered by their pages; the rows that share a page then stand
/// beside each other, since sharing begins at the first page and ends for good where the sequences part.
public struct AttentionPlan: Sendable {
    /// Rows that go over their pages at the same time.
    struct Chunk: Sendable {
        var rows: [Row] = []
        /// By stretches of ``AttentionPlan/pagesPerBlock`` pages.
        var blocks: [[Visit]] = []
    }

    /// A row and what it attends to.
    struct Row: Sendable {
        /// Of the step.
        let index: Int
        /// Tokens that it sees, itself the last.
        let visible: Int
    }

    /// A page and the rows of a chunk that go over it.
    struct Visit: Sendable {
        let page: Int
        /// The page's place in its block.
        let slot: Int
        let rows: Range<Int>
        /// Tokens of the page that somebody sees.
        let tokens: Int
    }

    /// Pages whose scores are held at once: the softmax goes on from block to block, so that a long context needs no
    /// more memory than a short one. Blocks begin at multiples, wherever a step's rows begin.
    static let pagesPerBlock = 16
    static let tokensPerBlock = pagesPerBlock * Int(ck_page_tokens)
    /// Rows of a chunk at most.
    static let chunkRows = 48

    public let spans: [SequenceSpan]
    let chunks: [Chunk]
    /// Query-key pairs, of one head.
    let pairs: Int

    public init(_ spans: [SequenceSpan]) {
        self.spans = spans
        pairs = spans.reduce(0) { $0 + $1.rowCount * ($1.firstPosition + $1.rowCount) }
        var chunks: [Chunk] = []
        var family: [SequenceSpan] = []
        for span in spans.sorted(by: { $0.pages.lexicographicallyPrecedes($1.pages) }) where span.rowCount > 0 {
            if let first = family.first, first.pages[0] != span.pages[0] {
                Self.cut(family, into: &chunks)
                family = []
            }
            family.append(span)
        }
        Self.cut(family, into: &chunks)
        self.chunks = chunks
    }

    private typealias Member = (span: SequenceSpan, row: Row)

    /// Divides the rows of sequences that have their first page in common.
    private static func cut(_ family: [SequenceSpan], into chunks: inout [Chunk]) {
        let rows: [Member] = family.flatMap { span in
            (0..<span.rowCount).map { (span, Row(index: span.firstRow + $0, visible: span.firstPosition + $0 + 1)) }
        }
        for start in stride(from: 0, to: rows.count, by: chunkRows) {
            chunks.append(chunk(rows[start..<min(start + chunkRows, rows.count)]))
        }
    }

    private static func chunk(_ members: ArraySlice<Member>) -> Chunk {
        let members = Array(members)
        var chunk = Chunk(rows: members.map(\.row))
        let length = Int(ck_page_tokens)
        let pageCount = ((members.map(\.row.visible).max() ?? 0) + length - 1) / length
        for first in stride(from: 0, to: pageCount, by: pagesPerBlock) {
            var visits: [Visit] = []
            for index in first..<min(first + pagesPerBlock, pageCount) {
                var row = 0
                while row < members.count {
                    let start = row
                    let page = members[row].span.pages[safe: index]
                    var seen = 0
                    while row < members.count, members[row].row.visible > index * length,
                        members[row].span.pages[index] == page
                    {
                        seen = max(seen, min(length, members[row].row.visible - index * length))
                        row += 1
                    }
                    if let page, row > start {
                        visits.append(Visit(page: page, slot: index - first, rows: start..<row, tokens: seen))
                    } else {
                        row += 1
                    }
                }
            }
            chunk.blocks.append(visits)
        }
        return chunk
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
