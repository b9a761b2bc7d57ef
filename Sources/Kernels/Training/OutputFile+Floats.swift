internal import CKernels

extension OutputFile {
    /// Appends the elements of a matrix, row by row, as numbers of `type`, some MiB at a time.
    ///
    /// - returns: how many elements aren't finite, or aren't any more as `type` has them.
    /// - throws: ``OutputFileError``.
    public func write(_ matrix: FloatMatrix, as type: ElementType) throws -> Int {
        let rowBytes = matrix.columns * type.byteCount
        let height = max(1, (4 << 20) / max(rowBytes, 1))
        let memory = MemoryBlock(byteCount: min(height, matrix.rows) * rowBytes)
        var failures = 0
        for start in stride(from: 0, to: matrix.rows, by: height) {
            let end = min(start + height, matrix.rows)
            for row in start..<end {
                failures += unsafe Int(
                    ck_narrow(
                        Int64(matrix.columns), matrix.row(row), RowFormat.elements(type).kernelType,
                        memory.base + (row - start) * rowBytes))
            }
            try unsafe write(memory.base, (end - start) * rowBytes)
        }
        return failures
    }
}
