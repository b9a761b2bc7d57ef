internal import CKernels

/// Keys and values of all sequences, in pages of a fixed number of tokens.
///
/// A page holds every layer's keys and values of `pageLength` consecutive positions of one sequence. Which page
/// belongs to whom is the caller's business; here is only their memory and the arithmetic over it. For one head, keys
/// are stored `[headLength, pageLength]`, so that the scores of a page are a matrix product along it, and values
/// `[pageLength, headLength]`.
@safe public final class KeyValuePages {
    public let layerCount: Int
    public let headCount: Int
    public let headLength: Int
    /// Tokens to a page.
    public static let pageLength = 32
    private let pageLength = KeyValuePages.pageLength
    /// Pages there is room for; memory is taken when a page is first written.
    public let pageCapacity: Int

    /// `headLength` rounded up to whole vectors.
    private let paddedLength: Int
    private let buffer: FloatBuffer
    /// Scores, one buffer a thread: `[attentionRows, contextLength]`.
    private var scores: [FloatBuffer] = []

    /// Rows of queries that go over the keys together.
    private static let attentionRows = 24

    public init(layerCount: Int, headCount: Int, headLength: Int, pageCapacity: Int) {
        precondition(layerCount > 0 && headCount > 0 && headLength > 0 && pageCapacity >= 0)
        self.layerCount = layerCount
        self.headCount = headCount
        self.headLength = headLength
        self.pageCapacity = pageCapacity
        paddedLength = (headLength + 15) / 16 * 16
        buffer = FloatBuffer(count: pageCapacity * layerCount * 2 * headCount * paddedLength * pageLength)
    }

    /// Bytes that one page takes once it's in use.
    public static func pageBytes(layerCount: Int, headCount: Int, headLength: Int) -> Int {
        layerCount * 2 * headCount * ((headLength + 15) / 16 * 16) * pageLength
            * MemoryLayout<Float>.stride
    }

    /// The block of one page, layer and head.
    private func block(_ page: Int, _ layer: Int, _ head: Int, values: Bool) -> UnsafeMutablePointer<Float> {
        precondition(page >= 0 && page < pageCapacity && layer >= 0 && layer < layerCount)
        let index = ((page * layerCount + layer) * 2 + (values ? 1 : 0)) * headCount + head
        return unsafe buffer.base + index * paddedLength * pageLength
    }

    /// Tokens of one sequence within a step.
    public struct Span: Sendable {
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

    /// Stores a step's keys (after the rotary embedding) and values, both `[rows, headCount * headLength]`.
    public func append(layer: Int, keys: Activations, values: Activations, spans: [Span]) {
        let width = headCount * headLength
        precondition(keys.width == width && values.width == width && keys.rows == values.rows)
        for span in spans {
            precondition(span.firstRow >= 0 && span.firstRow + span.rowCount <= keys.rows)
            for offset in 0..<span.rowCount {
                let (index, slot) = (span.firstPosition + offset).quotientAndRemainder(dividingBy: pageLength)
                let row = (span.firstRow + offset) * width
                for head in 0..<headCount {
                    let key = unsafe block(span.pages[index], layer, head, values: false)
                    let value = unsafe block(span.pages[index], layer, head, values: true)
                    for element in 0..<headLength {
                        let source = row + head * headLength + element
                        unsafe key[element * pageLength + slot] = keys.base[source]
                        unsafe value[slot * paddedLength + element] = values.base[source]
                    }
                }
            }
        }
    }

    /// Copies a page: a sequence that shares its last, unfinished page goes on in a copy.
    public func copyPage(_ source: Int, to target: Int) {
        let count = layerCount * 2 * headCount * paddedLength * pageLength
        unsafe block(target, 0, 0, values: false).update(from: block(source, 0, 0, values: false), count: count)
    }

    /// Fills a page with numbers of no meaning, so that its memory is really there.
    public func fillPage(_ page: Int) {
        let base = unsafe block(page, 0, 0, values: false)
        for index in 0..<layerCount * 2 * headCount * paddedLength * pageLength {
            unsafe base[index] = Float(index & 255) / 256 - 0.5
        }
    }

    /// Causal attention (Vaswani et al. 2017) of a step's queries over their own sequences, the step's keys and values
    /// included: `softmax(q k / sqrt(headLength)) v`, head by head.
    ///
    /// A query's arithmetic follows the pages of its sequence, so that its result doesn't depend on the other rows.
    ///
    /// - parameters:
    ///   - queries: `[rows, headCount * headLength]`, rotated
    ///   - output: the same shape
    public func attend(
        layer: Int, queries: Activations, spans: [Span], into output: Activations, on compute: Compute
    ) {
        precondition(queries.width == headCount * headLength && output.width == queries.width && output !== queries)
        output.rows = queries.rows
        reserveScores(for: spans, threads: compute.team.count)
        var items: [(span: Int, first: Int, head: Int)] = []
        for (index, span) in spans.enumerated() {
            for first in stride(from: 0, to: span.rowCount, by: Self.attentionRows) {
                for head in 0..<headCount { items.append((index, first, head)) }
            }
        }
        let work = spans.reduce(0) { $0 + $1.rowCount * ($1.firstPosition + $1.rowCount) } * 2 * headCount * headLength
        compute.distribute(items.count, work: work) { item, thread in
            let (index, first, head) = items[item]
            attend(
                layer: layer, head: head, queries: queries, span: spans[index],
                rows: first..<min(first + Self.attentionRows, spans[index].rowCount), into: output, thread: thread,
                on: compute)
        }
    }

    private func reserveScores(for spans: [Span], threads: Int) {
        let longest = spans.map { $0.firstPosition + $0.rowCount }.max() ?? 0
        let count = Self.attentionRows * paddedKeys(longest)
        if scores.count < threads || (scores.first?.count ?? 0) < count {
            scores = (0..<threads).map { _ in FloatBuffer(count: count) }
        }
    }

    private func paddedKeys(_ count: Int) -> Int { (count + pageLength - 1) / pageLength * pageLength }

    /// The queries `rows` of one span (counted from its first row) and one head.
    private func attend(
        layer: Int, head: Int, queries: Activations, span: Span, rows: Range<Int>, into output: Activations,
        thread: Int, on compute: Compute
    ) {
        let width = headCount * headLength
        let keyCount = span.firstPosition + rows.upperBound
        let stride = paddedKeys(keyCount)
        let start = (span.firstRow + rows.lowerBound) * width + head * headLength
        let weights = unsafe scores[thread].base
        let pageCount = (keyCount + pageLength - 1) / pageLength

        for page in 0..<pageCount {
            let count = min(pageLength, keyCount - page * pageLength)
            unsafe compute.kernels.pointee.product(
                Int64(rows.count), Int64(count), Int64(headLength), queries.base + start, Int64(width),
                block(span.pages[page], layer, head, values: false), Int64(pageLength), weights + page * pageLength,
                Int64(stride), 0)
        }
        let scale = 1 / Float(headLength).squareRoot()
        for (index, row) in rows.enumerated() {
            // A query sees itself and what comes before it; the other weights of its row are 0.
            let visible = span.firstPosition + row + 1
            let line = unsafe weights + index * stride
            unsafe compute.kernels.pointee.softmax(Int64(visible), scale, line)
            for key in visible..<max(keyCount, visible) { unsafe line[key] = 0 }
        }
        for page in 0..<pageCount {
            let count = min(pageLength, keyCount - page * pageLength)
            unsafe compute.kernels.pointee.product(
                Int64(rows.count), Int64(headLength), Int64(count), weights + page * pageLength, Int64(stride),
                block(span.pages[page], layer, head, values: true), Int64(paddedLength), output.base + start,
                Int64(width), page > 0 ? 1 : 0)
        }
    }
}
