internal import CKernels

/// Products by the processor's tile unit: factors are packed by all threads, then each takes parts of the results.
///
/// `@unchecked Sendable`: one product at a time, as with the team; each thread has a space of its own besides.
@safe final class TileProducts: @unchecked Sendable {
    typealias Factor = MatrixProducts.Factor

    private let compute: Compute
    private var left = Space()
    private var right = Space()
    /// By thread, for products that it makes alone.
    private var own: [Own]

    private struct Own {
        var left = Space()
        var right = [Space](repeating: Space(), count: MatrixProducts.slotCount)
        /// Numbers from panel to panel of what is packed in each slot.
        var panels = [Int](repeating: 0, count: MatrixProducts.slotCount)
    }

    /// Memory for a packed factor, which grows.
    private struct Space {
        private var memory = GrowingMemory()

        mutating func reserve(panels: Int, tiles: Int) -> UnsafeMutablePointer<UInt16> {
            unsafe memory.reserve(panels * tiles * Int(ck_tile_count), of: UInt16.self)
        }

        var base: UnsafeMutablePointer<UInt16> { unsafe memory.base(of: UInt16.self) }
    }

    init(on compute: Compute) {
        self.compute = compute
        own = (0..<compute.team.count).map { _ in Own() }
    }

    private static func panels(_ count: Int) -> Int { (count + Int(ck_tile_rows) - 1) / Int(ck_tile_rows) }
    private static func tiles(_ depth: Int) -> Int { (depth + Int(ck_tile_depth) - 1) / Int(ck_tile_depth) }

    /// `c[i][j] = scale a[i] b[j]`, or added to it: all left factors by all right ones.
    func multiply(_ a: [Factor], _ b: [Factor], into c: [[FloatMatrix]], adding: Bool, scale: Float) {
        guard let depth = a.first?.columns, !b.isEmpty else { return }
        for (i, row) in c.enumerated() {
            for (j, matrix) in row.enumerated() {
                precondition(a[i].rows == matrix.rows && b[j].columns == matrix.columns, "shapes of a product")
                precondition(a[i].columns == depth && b[j].rows == depth, "shapes of a product")
            }
        }
        let tiles = Self.tiles(depth)
        let leftStarts = Self.starts(a.map { Self.panels($0.rows) })
        let rightStarts = Self.starts(b.map { Self.panels($0.columns) })
        let packedLeft = unsafe left.reserve(panels: leftStarts[a.count], tiles: tiles)
        let packedRight = unsafe right.reserve(panels: rightStarts[b.count], tiles: tiles)
        let panel = tiles * Int(ck_tile_count)
        let work = c.joined().reduce(0) { $0 + $1.rows * $1.columns * depth }
        var packings: [Packing] = []
        for (factor, start) in zip(a, leftStarts) {
            packings += unsafe Packing.all(factor, isLeft: true, into: packedLeft + start * panel, panel: panel)
        }
        for (factor, start) in zip(b, rightStarts) {
            packings += unsafe Packing.all(factor, isLeft: false, into: packedRight + start * panel, panel: panel)
        }
        var parts: [Part] = []
        for (i, row) in c.enumerated() {
            for (j, matrix) in row.enumerated() {
                parts += unsafe Part.all(
                    matrix, threads: compute.team.count, left: packedLeft + leftStarts[i] * panel,
                    right: packedRight + rightStarts[j] * panel, panel: panel)
            }
        }
        run(packings, parts, depth: depth, work: work, adding: adding, scale: scale)
    }

    /// `c` is, or gets added, the sum of several products: one product, whose depth is all of theirs.
    func multiply(sumOf products: [(a: Factor, b: Factor)], into c: FloatMatrix, adding: Bool) {
        for product in products {
            precondition(
                product.a.rows == c.rows && product.b.columns == c.columns && product.a.columns == product.b.rows,
                "shapes of a product")
        }
        let starts = Self.starts(products.map { Self.tiles($0.a.columns) })
        let tiles = starts[products.count]
        let packedLeft = unsafe left.reserve(panels: Self.panels(c.rows), tiles: tiles)
        let packedRight = unsafe right.reserve(panels: Self.panels(c.columns), tiles: tiles)
        let panel = tiles * Int(ck_tile_count)
        var packings: [Packing] = []
        for (product, start) in zip(products, starts) {
            let place = start * Int(ck_tile_count)
            packings += unsafe Packing.all(product.a, isLeft: true, into: packedLeft + place, panel: panel)
            packings += unsafe Packing.all(product.b, isLeft: false, into: packedRight + place, panel: panel)
        }
        let parts = unsafe Part.all(
            c, threads: compute.team.count, left: packedLeft, right: packedRight, panel: panel)
        let depth = tiles * Int(ck_tile_depth)
        run(packings, parts, depth: depth, work: c.rows * c.columns * depth, adding: adding, scale: 1)
    }

    private static func starts(_ counts: [Int]) -> [Int] {
        counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    }

    private func run(_ packings: [Packing], _ parts: [Part], depth: Int, work: Int, adding: Bool, scale: Float) {
        compute.distribute(packings.count, work: work) { item, _ in packings[item].run() }
        compute.distribute(parts.count, work: work) { item, _ in
            parts[item].run(depth: depth, adding: adding, scale: scale)
        }
    }

    /// Packs a right factor for products that the calling thread makes alone.
    func pack(_ b: Factor, slot: Int, thread: Int) {
        let panel = Self.tiles(b.rows) * Int(ck_tile_count)
        let packed = unsafe own[thread].right[slot].reserve(
            panels: Self.panels(b.columns), tiles: Self.tiles(b.rows))
        own[thread].panels[slot] = panel
        unsafe Packing(factor: b, isLeft: false, range: 0..<b.columns, target: packed, panel: panel).run()
    }

    /// A product with a packed factor, or with a part of it from its beginning.
    func multiply(_ a: Factor, slot: Int, into c: FloatMatrix, adding: Bool, thread: Int) {
        let tiles = Self.tiles(a.columns)
        let panel = tiles * Int(ck_tile_count)
        let left = unsafe own[thread].left.reserve(panels: Self.panels(c.rows), tiles: tiles)
        unsafe Packing(factor: a, isLeft: true, range: 0..<c.rows, target: left, panel: panel).run()
        unsafe ck_tiles_multiply(
            Int64(c.rows), Int64(c.columns), Int64(a.columns), left, Int64(panel), own[thread].right[slot].base,
            Int64(own[thread].panels[slot]), 1, adding ? 1 : 0, c.base, Int64(c.stride))
    }

    /// Some panels of a factor, to be packed by one thread.
    ///
    /// `@unchecked Sendable`: packings write apart from each other.
    @safe private struct Packing: @unchecked Sendable {
        let factor: Factor
        let isLeft: Bool
        /// Rows of a left factor, columns of a right one.
        let range: Range<Int>
        let target: UnsafeMutablePointer<UInt16>
        let panel: Int

        /// Rows or columns that are packed in one go.
        private static let length = 64

        static func all(
            _ factor: Factor, isLeft: Bool, into target: UnsafeMutablePointer<UInt16>, panel: Int
        ) -> [Packing] {
            let count = isLeft ? factor.rows : factor.columns
            return stride(from: 0, to: count, by: length).map { start in
                unsafe Packing(
                    factor: factor, isLeft: isLeft, range: start..<min(start + length, count),
                    target: target + start / Int(ck_tile_rows) * panel, panel: panel)
            }
        }

        func run() {
            let part = isLeft ? factor.rows(range) : factor.columns(range)
            // A left factor's depth runs along its rows, a right one's down its columns, unless it's transposed.
            unsafe ck_tiles_pack(
                isLeft ? 1 : 0, isLeft != part.isTransposed ? 1 : 0, Int64(range.count),
                Int64(isLeft ? part.columns : part.rows), part.matrix.base, Int64(part.matrix.stride), target,
                Int64(panel))
        }
    }

    /// Some rows and columns of a product, to be computed by one thread.
    ///
    /// `@unchecked Sendable`: parts are written apart from each other.
    @safe private struct Part: @unchecked Sendable {
        let c: FloatMatrix
        let left: UnsafeMutablePointer<UInt16>
        let right: UnsafeMutablePointer<UInt16>

        /// Parts of some rows each: several for each thread, so that none waits long for the last.
        static func all(
            _ c: FloatMatrix, threads: Int, left: UnsafeMutablePointer<UInt16>,
            right: UnsafeMutablePointer<UInt16>, panel: Int
        ) -> [Part] {
            let height = min(256, max(32, (c.rows / (8 * threads) + 31) / 32 * 32))
            return stride(from: 0, to: c.rows, by: height).map { start in
                unsafe Part(
                    c: c.rows(start..<min(start + height, c.rows)), left: left + start / Int(ck_tile_rows) * panel,
                    right: right)
            }
        }

        func run(depth: Int, adding: Bool, scale: Float) {
            if c.rows == 0 || c.columns == 0 { return }
            let panel = Int64(TileProducts.tiles(depth) * Int(ck_tile_count))
            unsafe ck_tiles_multiply(
                Int64(c.rows), Int64(c.columns), Int64(depth), left, panel, right, panel, scale, adding ? 1 : 0, c.base,
                Int64(c.stride))
        }
    }
}
