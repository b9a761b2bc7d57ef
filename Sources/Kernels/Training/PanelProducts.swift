internal import CKernels

/// Small products of floats, each made by one thread of the team alone: the right factor is packed once, and its products
/// with left ones read those where they are.
///
/// `@unchecked Sendable`: each thread has a space of its own.
@safe final class PanelProducts: @unchecked Sendable {
    typealias Factor = MatrixProducts.Factor

    private let compute: Compute
    /// By thread, what is packed in each slot.
    private var packed: [[Packed]]

    private struct Packed {
        var memory = MemoryBlock(byteCount: 0)
        /// Floats from panel to panel.
        var panel = 0

        var base: UnsafeMutablePointer<Float> { unsafe memory.base.assumingMemoryBound(to: Float.self) }

        mutating func reserve(_ count: Int) {
            let byteCount = count * MemoryLayout<Float>.stride
            if memory.byteCount < byteCount { memory = MemoryBlock(byteCount: byteCount + byteCount / 2) }
        }
    }

    init(on compute: Compute) {
        self.compute = compute
        packed = (0..<compute.team.count).map { _ in .init(repeating: Packed(), count: MatrixProducts.slotCount) }
    }

    /// Packs a right factor for products that the calling thread makes.
    func pack(_ b: Factor, slot: Int, thread: Int) {
        let width = Int(ck_panel_columns)
        let panel = b.rows * width
        packed[thread][slot].reserve((b.columns + width - 1) / width * panel)
        packed[thread][slot].panel = panel
        unsafe compute.trainingKernels.pointee.pack_panels(
            b.isTransposed ? 1 : 0, Int64(b.columns), Int64(b.rows), b.matrix.base, Int64(b.matrix.stride),
            packed[thread][slot].base)
    }

    /// A product with a packed factor, or with a part of it from its beginning.
    func multiply(_ a: Factor, slot: Int, into c: FloatMatrix, adding: Bool, thread: Int) {
        unsafe compute.trainingKernels.pointee.panel_product(
            a.isTransposed ? 1 : 0, Int64(c.rows), Int64(c.columns), Int64(a.columns), a.matrix.base,
            Int64(a.matrix.stride), packed[thread][slot].base, Int64(packed[thread][slot].panel), adding ? 1 : 0,
            c.base,
            Int64(c.stride))
    }
}
