internal import CKernels

/// Rows of activations as integers with a scale for each group: what matrices of integers are multiplied with.
///
/// The memory is kept from product to product and grows with the largest.
///
/// `@unchecked Sendable`: owned by a ``Compute``, which runs one operation at a time.
@safe final class QuantizedActivations: @unchecked Sendable {
    private var codes = MemoryBlock(byteCount: 0)
    private var scales = MemoryBlock(byteCount: 0)
    private var sums = MemoryBlock(byteCount: 0)
    private(set) var view = unsafe ck_codes()

    /// Becomes the quantized rows of `source`.
    func quantize(_ source: Activations, on compute: Compute) {
        let groupLength = Int(ck_group)
        let groups = (source.width + groupLength - 1) / groupLength
        let count = source.rows * groups
        reserve(&codes, count * groupLength)
        reserve(&scales, count * MemoryLayout<Float>.stride)
        reserve(&sums, count * (groupLength / Int(ck_subgroup)) * MemoryLayout<Int32>.stride)
        unsafe view = ck_codes(
            rows: Int64(source.rows), groups: Int64(groups),
            codes: codes.base.assumingMemoryBound(to: Int8.self),
            scales: scales.base.assumingMemoryBound(to: Float.self),
            sums: sums.base.assumingMemoryBound(to: Int32.self))
        // About eight operations an element.
        compute.divide(source.rows, unit: 1, work: 8 * source.rows * source.width) { part, _ in
            unsafe compute.quantizedKernels.pointee.quantize(
                source.base, Int64(source.width), Int64(source.width), Int64(part.lowerBound),
                Int64(part.upperBound), view)
        }
    }

    private func reserve(_ block: inout MemoryBlock, _ byteCount: Int) {
        if block.byteCount < byteCount { block = MemoryBlock(byteCount: byteCount) }
    }
}
