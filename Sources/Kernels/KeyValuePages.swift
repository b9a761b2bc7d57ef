internal import CKernels

/// Keys and values of all sequences, in pages of a fixed number of tokens.
///
/// A page holds every layer's keys and values of `pageLength` consecutive positions of one sequence, or of several that
/// began alike. Which page belongs to whom is the caller's business; here is only their memory. `ckernels_attention.h`
/// has its layout.
@safe public final class KeyValuePages {
    public let layerCount: Int
    public let headCount: Int
    public let headLength: Int
    public let type: KeyValueType
    /// Tokens to a page.
    public static let pageLength = Int(ck_page_tokens)
    /// Pages there is room for; memory is taken when a page is first written.
    public let pageCapacity: Int

    /// `headLength` rounded up to whole vectors.
    let paddedLength: Int
    /// Bytes of one page's keys, or values, of one layer and head.
    private let blockBytes: Int
    private let memory: MemoryBlock
    /// Working space of attention, one for each thread.
    var workspaces: [AttentionWorkspace] = []

    public init(layerCount: Int, headCount: Int, headLength: Int, type: KeyValueType = .f32, pageCapacity: Int) {
        precondition(layerCount > 0 && headCount > 0 && headLength > 0 && pageCapacity >= 0)
        self.layerCount = layerCount
        self.headCount = headCount
        self.headLength = headLength
        self.type = type
        self.pageCapacity = pageCapacity
        paddedLength = Self.padded(headLength)
        blockBytes = Self.blockBytes(headLength: headLength, type: type)
        memory = MemoryBlock(byteCount: pageCapacity * layerCount * headCount * 2 * blockBytes)
    }

    /// Bytes that one page takes once it's in use.
    public static func pageBytes(layerCount: Int, headCount: Int, headLength: Int, type: KeyValueType) -> Int {
        layerCount * headCount * 2 * blockBytes(headLength: headLength, type: type)
    }

    private static func padded(_ headLength: Int) -> Int { (headLength + 15) / 16 * 16 }

    private static func blockBytes(headLength: Int, type: KeyValueType) -> Int {
        Int(ck_page_bytes(type.kernelType, Int64(padded(headLength))))
    }

    /// The keys or the values of one page, layer and head.
    func block(_ page: Int, _ layer: Int, _ head: Int, values: Bool) -> UnsafeMutableRawPointer {
        precondition(page >= 0 && page < pageCapacity && layer >= 0 && layer < layerCount)
        let index = ((page * layerCount + layer) * headCount + head) * 2 + (values ? 1 : 0)
        return unsafe memory.base + index * blockBytes
    }

    /// Stores a step's keys (after the rotary embedding) and values, both `[rows, headCount * headLength]`.
    public func append(
        layer: Int, keys: Activations, values: Activations, spans: [SequenceSpan], on compute: Compute
    ) {
        let width = headCount * headLength
        precondition(keys.width == width && values.width == width && keys.rows == values.rows)
        precondition(spans.allSatisfy { $0.firstRow >= 0 && $0.firstRow + $0.rowCount <= keys.rows })
        // An element takes about as long as eight multiply-adds.
        compute.distribute(spans.count * headCount, work: 16 * keys.rows * width) { item, _ in
            let (span, head) = item.quotientAndRemainder(dividingBy: headCount)
            append(layer: layer, head: head, keys: keys, values: values, span: spans[span], on: compute)
        }
    }

    private func append(
        layer: Int, head: Int, keys: Activations, values: Activations, span: SequenceSpan, on compute: Compute
    ) {
        let width = headCount * headLength
        var done = 0
        while done < span.rowCount {
            let (index, slot) = (span.firstPosition + done).quotientAndRemainder(dividingBy: Self.pageLength)
            let count = min(Self.pageLength - slot, span.rowCount - done)
            let source = (span.firstRow + done) * width + head * headLength
            var store = unsafe ck_page_store(
                type: type.kernelType, length: Int64(paddedLength), first: Int64(slot), count: Int64(count),
                x: keys.base + source, x_stride: Int64(width), given: Int64(headLength),
                page: block(span.pages[index], layer, head, values: false))
            unsafe compute.attentionKernels.pointee.store_keys(&store)
            unsafe store.x = UnsafePointer(values.base + source)
            unsafe store.page = block(span.pages[index], layer, head, values: true)
            unsafe compute.attentionKernels.pointee.store_values(&store)
            done += count
        }
    }

    /// Copies a page: a sequence that shares its last, unfinished page goes on in a copy.
    public func copyPage(_ source: Int, to target: Int) {
        unsafe block(target, 0, 0, values: false).copyMemory(
            from: block(source, 0, 0, values: false), byteCount: layerCount * headCount * 2 * blockBytes)
    }

    /// Fills a page with keys and values of no meaning, so that its memory is really there.
    public func fillPage(_ page: Int, on compute: Compute) {
        let rows = Activations(width: headCount * headLength, rows: Self.pageLength)
        for index in 0..<rows.rows * rows.width { unsafe rows.base[index] = Float(index & 255) / 256 - 0.5 }
        let span = SequenceSpan(firstRow: 0, rowCount: Self.pageLength, firstPosition: 0, pages: [page])
        for layer in 0..<layerCount { append(layer: layer, keys: rows, values: rows, spans: [span], on: compute) }
    }
}
