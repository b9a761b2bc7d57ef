internal import CKernels
internal import Synchronization

/// How the numbers of a matrix are written to a file.
public enum WeightEncoding: Sendable, Hashable {
    case rows(RowFormat)
    case panels(Quantization)

    /// Bytes of a matrix.
    ///
    /// - precondition: rows are whole blocks where there are blocks.
    public func byteCount(rows: Int, columns: Int) -> Int {
        switch self {
        case .rows(let format): rows * format.byteCount(of: columns)
        case .panels(let quantization): quantization.byteCount(rows: rows, columns: columns)
        }
    }
}

/// Bytes in memory on their way to a file.
@safe public struct BytePiece {
    fileprivate let memory: MemoryBlock
    public let count: Int

    /// A copy of the bytes.
    public var bytes: [UInt8] { unsafe [UInt8](UnsafeRawBufferPointer(start: memory.base, count: count)) }

    var base: UnsafeRawPointer { unsafe UnsafeRawPointer(memory.base) }
}

extension WeightMatrix {
    /// About as many bytes as are written or read at once.
    private static let pieceLength = 16 << 20

    /// Hands out the matrix in another form, from its first byte to its last, some MiB at a time.
    ///
    /// Memory stays at a few pieces whatever the size of the matrix: the pages of a mapped file are given back behind.
    ///
    /// - parameter write: gets a piece that is valid during the call; what it throws ends the work.
    /// - returns: how many weights can't be written so: they aren't finite, or are too large for the form. Weights that
    ///   stay in their form are copied whatever they are.
    /// - precondition: the matrix isn't packed, and its rows are whole blocks where the form has blocks.
    public func encode(
        as encoding: WeightEncoding, on compute: Compute, write: (BytePiece) throws -> Void
    ) rethrows -> Int {
        let rowsAtOnce = self.rowsAtOnce(encoding)
        let longest = encoding.byteCount(rows: min(rowsAtOnce, rows), columns: columns)
        let memory = MemoryBlock(byteCount: longest)
        let space = FloatBuffer(count: compute.team.count * Self.runLength)
        var window = mappedRegion.map(ReadingWindow.init)
        var failures = 0
        for first in stride(from: 0, to: rows, by: rowsAtOnce) {
            let part = first..<min(first + rowsAtOnce, rows)
            if let region = mappedRegion {
                let rowBytes = region.count / rows
                _ = window?.move(to: part.lowerBound * rowBytes..<part.upperBound * rowBytes)
            }
            switch encoding {
            case .panels(let quantization):
                failures += countInfinite(rows: part, on: compute)
                unsafe pack(rows: part, to: quantization, into: memory.base, on: compute)
            case .rows(let format):
                failures += unsafe narrow(rows: part, to: format, into: memory.base, space, on: compute)
            }
            try write(BytePiece(memory: memory, count: encoding.byteCount(rows: part.count, columns: columns)))
        }
        window?.finish()
        return failures
    }

    /// A multiple of a panel's rows.
    private func rowsAtOnce(_ encoding: WeightEncoding) -> Int {
        let rowBytes = max(
            encoding.byteCount(rows: PanelLayout.rows, columns: columns) / PanelLayout.rows,
            (mappedRegion?.count ?? 0) / rows, 1)
        return max(1, Self.pieceLength / rowBytes / PanelLayout.rows) * PanelLayout.rows
    }

    /// Floats that are on their way from one form to another at once, a multiple of a block's elements.
    private static let runLength = 8192

    private func narrow(
        rows part: Range<Int>, to target: RowFormat, into base: UnsafeMutableRawPointer, _ space: FloatBuffer,
        on compute: Compute
    ) -> Int {
        let targetBytes = target.byteCount(of: columns)
        let failures = Atomic<Int>(0)
        unsafe withFloats { weights, format in
            let sourceBytes = format.byteCount(of: columns)
            compute.divide(part.count, unit: 1, work: 16 * part.count * columns) { lines, thread in
                if format == target {
                    let source = unsafe weights + (part.lowerBound + lines.lowerBound) * sourceBytes
                    unsafe (base + lines.lowerBound * targetBytes).copyMemory(
                        from: source, byteCount: lines.count * sourceBytes)
                    return
                }
                let floats = unsafe space.base + thread * Self.runLength
                for line in lines {
                    let source = unsafe weights + (part.lowerBound + line) * sourceBytes
                    for column in stride(from: 0, to: columns, by: Self.runLength) {
                        let count = Int64(min(Self.runLength, columns - column))
                        unsafe compute.kernels.pointee.widen(
                            count, source + format.byteCount(of: column), format.kernelType, floats)
                        let infinite = unsafe ck_narrow(
                            count, floats, target.kernelType,
                            base + line * targetBytes + target.byteCount(of: column))
                        if infinite > 0 { failures.add(Int(infinite), ordering: .relaxed) }
                    }
                }
            }
        }
        return failures.load(ordering: .relaxed)
    }

    private func countInfinite(rows part: Range<Int>, on compute: Compute) -> Int {
        let found = Atomic<Int>(0)
        unsafe withFloats { weights, format in
            let rowBytes = format.byteCount(of: columns)
            compute.divide(part.count, unit: 1, work: 4 * part.count * columns) { lines, _ in
                let result = unsafe ck_survey(
                    Int64(lines.count * columns), weights + (part.lowerBound + lines.lowerBound) * rowBytes, 1,
                    format.kernelType)
                found.add(Int(result.nans + result.infinities), ordering: .relaxed)
            }
        }
        return found.load(ordering: .relaxed)
    }
}
