import Kernels
import TestSupport
import Testing

@Suite("Products of the tile unit", .enabled(if: MatrixProducts.Precision.bf16.isAvailable, "needs Intel AMX"))
struct TileProductTests {
    private static let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])

    private func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> FloatMatrix {
        var random = SplitMix64(seed: seed)
        // A stride wider than the row: what lies between must be left alone.
        let buffer = FloatBuffer(count: rows * (columns + 3))
        buffer.fill { Float.random(in: -1...1, using: &random) }
        return FloatMatrix(buffer, rows: rows, columns: columns, stride: columns + 3)
    }

    /// The nearest number with 8 bits of mantissa, ties to even.
    private func rounded(_ value: Float) -> Double {
        let bits = value.bitPattern
        return Double(Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000))
    }

    private func reference(
        _ a: FloatMatrix, _ b: FloatMatrix, transposed: (Bool, Bool), rows: Int, columns: Int, depth: Int
    ) -> [Double] {
        (0..<rows).flatMap { row in
            (0..<columns).map { column in
                (0..<depth).reduce(0) { sum, k in
                    sum + rounded(transposed.0 ? a[k, row] : a[row, k])
                        * rounded(transposed.1 ? b[column, k] : b[k, column])
                }
            }
        }
    }

    @Test(
        "equal sums of products of rounded numbers at awkward sizes",
        arguments: [(1, 1, 1), (16, 16, 32), (17, 33, 65), (31, 100, 7), (64, 40, 1100), (130, 16, 31)])
    func products(rows: Int, columns: Int, depth: Int) throws {
        let products = try MatrixProducts(.bf16, on: Self.compute)
        for transposed in [(false, false), (false, true), (true, false), (true, true)] {
            let a = transposed.0 ? matrix(depth, rows, seed: 1) : matrix(rows, depth, seed: 1)
            let b = transposed.1 ? matrix(columns, depth, seed: 2) : matrix(depth, columns, seed: 2)
            let expected = reference(a, b, transposed: transposed, rows: rows, columns: columns, depth: depth)
            let (left, right) = (transposed.0 ? a.transposed : a.asIs, transposed.1 ? b.transposed : b.asIs)
            for (adding, scale) in [(false, Float(1)), (true, 1), (false, 0.5), (true, -2)] {
                let c = matrix(rows, columns, seed: 3)
                let before = c.values
                products.multiply(left, right, into: c, adding: adding, scale: scale)
                let worst = zip(c.values, zip(before, expected)).map { found, parts in
                    abs(Double(found) - (adding ? Double(parts.0) : 0) - Double(scale) * parts.1)
                }.max()
                #expect(worst ?? 1 < 1e-4 * Double(depth).squareRoot(), "\(transposed), \(adding), \(scale)")
            }
        }
    }

    @Test("several at once equal one by one, to the last bit, with any number of threads")
    func several() throws {
        let x = matrix(70, 48, seed: 4)
        let weights = [matrix(40, 48, seed: 5), matrix(17, 48, seed: 6)]
        let gradients = [matrix(70, 40, seed: 7), matrix(70, 17, seed: 8)]
        func run(threads: Int, together: Bool) throws -> [[Float]] {
            let products = try MatrixProducts(
                .bf16, on: Compute(threads: threads, instructionSet: InstructionSet.available[0]))
            let outputs = weights.map { FloatMatrix(rows: 70, columns: $0.rows) }
            let changes = weights.map { FloatMatrix(rows: $0.rows, columns: 48) }
            if together {
                products.multiply(x.asIs, byEach: zip(weights, outputs).map { ($0.transposed, $1) })
                products.multiply(each: zip(gradients, changes).map { ($0.transposed, $1) }, by: x.asIs)
            } else {
                for (weight, output) in zip(weights, outputs) {
                    products.multiply(x.asIs, weight.transposed, into: output)
                }
                for (gradient, change) in zip(gradients, changes) {
                    products.multiply(gradient.transposed, x.asIs, into: change)
                }
            }
            return (outputs + changes).map(\.values)
        }
        let expected = try run(threads: 1, together: false)
        for threads in 1...3 { #expect(try run(threads: threads, together: true) == expected) }
    }

    @Test("the sum of products is one product")
    func sum() throws {
        let products = try MatrixProducts(.bf16, on: Self.compute)
        let (a, b) = (
            [matrix(50, 33, seed: 1), matrix(50, 64, seed: 2)], [matrix(33, 20, seed: 3), matrix(64, 20, seed: 4)]
        )
        let together = FloatMatrix(rows: 50, columns: 20)
        products.multiply(sumOf: zip(a, b).map { ($0.asIs, $1.asIs) }, into: together, adding: false)
        let apart = FloatMatrix(rows: 50, columns: 20)
        for (a, b) in zip(a, b) { products.multiply(a.asIs, b.asIs, into: apart, adding: true) }
        #expect(zip(together.values, apart.values).allSatisfy { abs($0 - $1) < 1e-4 })
    }
}
