internal import CKernels
internal import COpenBLAS

/// Products of matrices of floats for training: OpenBLAS's, one call a thread of the team, each on its part of the result;
/// or those of the processor's tile unit, which rounds the factors to bf16. Small ones, which a thread makes alone, are made
/// by kernels of our own.
///
/// OpenBLAS's own threads would wait beside ours between two products. The same threads and shapes give the same bits; on
/// the tile unit any number of threads does.
public struct MatrixProducts: Sendable {
    /// How exactly factors are taken; sums are floats in any case.
    public enum Precision: String, Sendable, CaseIterable {
        case f32
        /// Rounded to 8 bits of mantissa, as mixed precision has it (Kalamkar et al. 2019).
        case bf16

        /// Whether this machine computes so.
        public var isAvailable: Bool { self == .f32 || ck_tiles_are_available() != 0 }
    }

    public let precision: Precision
    public let compute: Compute
    private let library: OpenBLAS
    private let tiles: TileProducts?
    private let panels: PanelProducts

    /// Right factors that a thread can have packed at a time.
    static let slotCount = 4

    /// - precondition: the precision is available.
    /// - throws: `OpenBLASError`
    public init(_ precision: Precision = .f32, on compute: Compute) throws {
        precondition(precision.isAvailable)
        self.precision = precision
        self.compute = compute
        library = try OpenBLAS.load(threads: 1)
        tiles = precision == .bf16 ? TileProducts(on: compute) : nil
        panels = PanelProducts(on: compute)
    }

    /// A factor of a product: a matrix as it is, or transposed.
    public struct Factor: Sendable {
        let matrix: FloatMatrix
        let isTransposed: Bool

        var rows: Int { isTransposed ? matrix.columns : matrix.rows }
        var columns: Int { isTransposed ? matrix.rows : matrix.columns }

        func rows(_ range: Range<Int>) -> Factor {
            Factor(matrix: isTransposed ? matrix.columns(range) : matrix.rows(range), isTransposed: isTransposed)
        }

        func columns(_ range: Range<Int>) -> Factor {
            Factor(matrix: isTransposed ? matrix.rows(range) : matrix.columns(range), isTransposed: isTransposed)
        }
    }

    /// `c = scale a b`, or `c += scale a b`.
    public func multiply(_ a: Factor, _ b: Factor, into c: FloatMatrix, adding: Bool = false, scale: Float = 1) {
        if let tiles { return tiles.multiply([a], [b], into: [[c]], adding: adding, scale: scale) }
        let work = c.rows * c.columns * a.columns
        if c.rows >= c.columns {
            compute.divide(c.rows, unit: 16, work: work) { part, _ in
                one(a.rows(part), b, into: c.rows(part), adding: adding, scale: scale)
            }
        } else {
            compute.divide(c.columns, unit: 16, work: work) { part, _ in
                one(a, b.columns(part), into: c.columns(part), adding: adding, scale: scale)
            }
        }
    }

    /// `c = a b` for several right factors.
    public func multiply(_ a: Factor, byEach products: [(b: Factor, c: FloatMatrix)]) {
        if let tiles {
            return tiles.multiply([a], products.map(\.b), into: [products.map(\.c)], adding: false, scale: 1)
        }
        for product in products { multiply(a, product.b, into: product.c) }
    }

    /// `c += a b` for several left factors.
    public func multiply(each products: [(a: Factor, c: FloatMatrix)], by b: Factor) {
        if let tiles {
            return tiles.multiply(products.map(\.a), [b], into: products.map { [$0.c] }, adding: true, scale: 1)
        }
        for product in products { multiply(product.a, b, into: product.c, adding: true) }
    }

    /// `c` is, or gets added, the sum of several products.
    public func multiply(sumOf products: [(a: Factor, b: Factor)], into c: FloatMatrix, adding: Bool) {
        if let tiles { return tiles.multiply(sumOf: products, into: c, adding: adding) }
        for (index, product) in products.enumerated() {
            multiply(product.a, product.b, into: c, adding: adding || index > 0)
        }
    }

    /// A product on the calling thread alone.
    private func one(_ a: Factor, _ b: Factor, into c: FloatMatrix, adding: Bool, scale: Float) {
        precondition(a.rows == c.rows && b.columns == c.columns && a.columns == b.rows, "shapes of a product")
        if c.rows == 0 || c.columns == 0 { return }
        unsafe library.library.sgemm(
            101, a.number, b.number, Int32(c.rows), Int32(c.columns), Int32(a.columns), scale, a.matrix.base,
            Int32(max(a.matrix.stride, 1)), b.matrix.base, Int32(max(b.matrix.stride, 1)), adding ? 1 : 0, c.base,
            Int32(c.stride))
    }

    /// A right factor that one thread has packed, in the form that its products read. Another one in the same slot takes
    /// its place.
    struct Packed {
        fileprivate let slot: Int
        fileprivate let thread: Int
        let rows: Int
        let columns: Int
    }

    /// Packs a right factor for several products that the calling thread, the team's `thread`, makes alone.
    func pack(_ b: Factor, slot: Int, thread: Int) -> Packed {
        precondition((0..<Self.slotCount).contains(slot))
        if let tiles { tiles.pack(b, slot: slot, thread: thread) } else { panels.pack(b, slot: slot, thread: thread) }
        return Packed(slot: slot, thread: thread, rows: b.rows, columns: b.columns)
    }

    /// `c = a b`, or `c += a b`, on the thread that packed b; of b the first rows and columns that a and c have.
    func multiply(_ a: Factor, _ b: Packed, into c: FloatMatrix, adding: Bool = false) {
        precondition(a.rows == c.rows && a.columns <= b.rows && c.columns <= b.columns, "shapes of a product")
        if c.rows == 0 || c.columns == 0 { return }
        if let tiles { return tiles.multiply(a, slot: b.slot, into: c, adding: adding, thread: b.thread) }
        panels.multiply(a, slot: b.slot, into: c, adding: adding, thread: b.thread)
    }

    /// `c = a wᵀ`, or `c += a wᵀ`, by stored weights `[outputs, inputs]`, which are widened a stretch of rows at a time.
    public func multiply(
        _ a: FloatMatrix, byTransposed weights: WeightMatrix, into c: FloatMatrix, adding: Bool = false
    ) {
        eachStretch(of: weights) { rows, values in
            multiply(a.asIs, values.transposed, into: c.columns(rows), adding: adding)
        }
    }

    /// `c = a w`, or `c += a w`, by stored weights.
    public func multiply(_ a: FloatMatrix, by weights: WeightMatrix, into c: FloatMatrix, adding: Bool = false) {
        eachStretch(of: weights) { rows, values in
            multiply(a.columns(rows).asIs, values.asIs, into: c, adding: adding || rows.lowerBound > 0)
        }
    }

    /// Floats that a stretch of widened weights has at most: what fits into the last cache beside the rest.
    private static var stretchLength: Int { 1 << 21 }

    private func eachStretch(of weights: WeightMatrix, _ body: (_ rows: Range<Int>, _ values: FloatMatrix) -> Void) {
        if let values = weights.ownedFloats { return body(0..<weights.rows, values) }
        let height = min(weights.rows, max(1, Self.stretchLength / weights.columns))
        let space = FloatMatrix(rows: height, columns: weights.columns)
        for start in stride(from: 0, to: weights.rows, by: height) {
            let rows = start..<min(start + height, weights.rows)
            let values = space.rows(0..<rows.count)
            weights.widen(rows, into: values, on: compute)
            body(rows, values)
        }
    }
}

extension WeightMatrix {
    /// Copies rows to `output` as floats.
    ///
    /// - precondition: the matrix isn't packed.
    public func widen(_ part: Range<Int>, into output: FloatMatrix, on compute: Compute) {
        precondition(part.lowerBound >= 0 && part.upperBound <= rows)
        precondition(output.rows == part.count && output.columns == columns)
        unsafe withFloats { weights, format in
            let rowBytes = format.byteCount(of: columns)
            compute.divide(part.count, unit: 1, work: part.count * columns) { rows, _ in
                for row in rows {
                    unsafe compute.kernels.pointee.widen(
                        Int64(columns), weights + (part.lowerBound + row) * rowBytes, format.kernelType,
                        output.row(row))
                }
            }
        }
    }

    /// The weights where they are floats in memory.
    fileprivate var ownedFloats: FloatMatrix? {
        guard case .owned(let values) = storage else { return nil }
        return FloatMatrix(values, rows: rows, columns: columns)
    }
}

extension FloatMatrix {
    public var asIs: MatrixProducts.Factor { MatrixProducts.Factor(matrix: self, isTransposed: false) }
    public var transposed: MatrixProducts.Factor { MatrixProducts.Factor(matrix: self, isTransposed: true) }
}

extension MatrixProducts.Factor {
    /// CBLAS's number.
    fileprivate var number: Int32 { isTransposed ? 112 : 111 }
}
