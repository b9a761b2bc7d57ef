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
        var memory = GrowingMemory()
        /// Floats from panel to panel.
        var panel = 0
    }

    init(on compute: Compute) {
        self.compute = compute
        packed = (0..<compute.team.count).map { _ in .init(repeating: Packed(), count: MatrixProducts.slotCount) }
    }

    /// Packs a right factor for products that the calling thread makes.
    func pack(_ b: Factor, slot: Int, thread: Int) {
        let width = Int(ck_panel_columns)
        let panel = b.rows * width
        let target = unsafe packed[thread][slot].memory.reserve((b.columns + width - 1) / width * panel, of: Float.self)
        packed[thread][slot].panel = panel
        unsafe compute.trainingKernels.pointee.pack_panels(
            b.isTransposed ? 1 : 0, Int64(b.columns), Int64(b.rows), b.matrix.base, Int64(b.matrix.stride), target)
    }

    /// A product with a packed factor, or with a part of it from its beginning.
    func multiply(_ a: Factor, slot: Int, into c: FloatMatrix, adding: Bool, thread: Int) {
        let b = packed[thread][slot]
        unsafe compute.trainingKernels.pointee.panel_product(
            a.isTransposed ? 1 : 0, Int64(c.rows), Int64(c.columns), Int64(a.columns), a.matrix.base,
            Int64(a.matrix.stride), b.memory.base(of: Float.self), Int64(b.panel), adding ? 1 : 0, c.base,
            Int64(c.stride))
    }
}
