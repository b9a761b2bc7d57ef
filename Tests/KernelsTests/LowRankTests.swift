import Kernels
import Testing

@Suite("Changes of low rank")
struct LowRankTests {
    private func matrix(_ rows: Int, _ columns: Int, _ seed: Float) -> WeightMatrix {
        WeightMatrix(
            rows: rows, columns: columns,
            values: FloatBuffer((0..<rows * columns).map { Float(($0 * 7919 + Int(seed * 104729)) % 1000) / 500 - 1 }))
    }

    private func activations(_ rows: Int, _ width: Int, _ seed: Float) -> Activations {
        let result = Activations(width: width, rows: rows)
        for row in 0..<rows {
            result.setRow(row, to: (0..<width).map { Float(($0 * 31 + row * 17 + Int(seed * 97)) % 200) / 100 - 1 })
        }
        return result
    }

    /// `outputs[i] + scale * b a input[i]`, in double precision.
    private func reference(
        _ input: [Float], _ old: [Float], _ a: WeightMatrix, _ b: WeightMatrix, _ compute: Compute, scale: Float
    ) -> [Double] {
        func rows(_ matrix: WeightMatrix) -> [[Float]] {
            let all = Activations(width: matrix.columns)
            matrix.copyRows(Array(0..<matrix.rows), into: all, on: compute)
            return (0..<matrix.rows).map(all.row)
        }
        func dot(_ x: [Double], _ y: [Float]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * Double($1.1) } }
        let inner = rows(a).map { dot(input.map(Double.init), $0) * Double(scale) }
        return zip(old, rows(b)).map { Double($0) + dot(inner, $1) }
    }

    @Test("are added to the rows that they are for, and to no others", arguments: InstructionSet.available)
    func added(_ instructionSet: InstructionSet) {
        for (inputs, outputs, rank) in [(1, 1, 1), (15, 17, 3), (64, 63, 16), (300, 129, 5)] {
            for threads in [1, 2] {
                let compute = Compute(threads: threads, instructionSet: instructionSet)
                let (a, b) = (matrix(rank, inputs, 1), matrix(outputs, rank, 2))
                let (other, otherB) = (matrix(2, inputs, 3), matrix(outputs, 2, 4))
                let factors = ThinFactors(
                    [(output: 0, a: a, b: b, scale: 0.5), (output: 1, a: other, b: otherB, scale: 1)], on: compute)
                // More rows than go at once.
                let input = activations(150, inputs, 5)
                let results = [activations(150, outputs, 6), activations(150, outputs, 7)]
                let old = results.map { result in (0..<150).map(result.row) }
                let changed = ChangedRows(
                    rows: (0..<150).filter { $0 % 2 == 0 || $0 > 140 },
                    scales: (0..<150).filter { $0 % 2 == 0 || $0 > 140 }.map { $0 % 4 == 0 ? 1 : -2 })
                compute.add(factors, of: input, to: results, at: changed, in: LowRankSpace())
                for row in 0..<150 {
                    guard let place = changed.rows.firstIndex(of: row) else {
                        #expect(results[0].row(row) == old[0][row] && results[1].row(row) == old[1][row])
                        continue
                    }
                    let scale = changed.scales[place]
                    for (part, expected) in [
                        reference(input.row(row), old[0][row], a, b, compute, scale: 0.5 * scale),
                        reference(input.row(row), old[1][row], other, otherB, compute, scale: scale),
                    ].enumerated() {
                        let distance = zip(results[part].row(row), expected).map { abs(Double($0) - $1) }.max() ?? 0
                        #expect(distance < 1e-3, "row \(row), \(inputs) to \(outputs), rank \(rank)")
                    }
                }
            }
        }
    }

    @Test("give a row the same bits in every instruction set, alone and among others")
    func bits() {
        let (inputs, outputs, rank) = (257, 130, 9)
        var expected: [[UInt32]]?
        for instructionSet in InstructionSet.available {
            let compute = Compute(threads: 2, instructionSet: instructionSet)
            let factors = ThinFactors(
                [(output: 0, a: matrix(rank, inputs, 1), b: matrix(outputs, rank, 2), scale: 0.7)], on: compute)
            let input = activations(70, inputs, 3)
            let together = activations(70, outputs, 4)
            let alone = activations(70, outputs, 4)
            compute.add(
                factors, of: input, to: [together],
                at: ChangedRows(rows: Array(0..<70), scales: Array(repeating: 0.3, count: 70)), in: LowRankSpace())
            for row in 0..<70 {
                compute.add(
                    factors, of: input, to: [alone], at: ChangedRows(rows: [row], scales: [0.3]), in: LowRankSpace())
            }
            let found = (0..<70).map { together.row($0).map(\.bitPattern) }
            #expect((0..<70).map { alone.row($0).map(\.bitPattern) } == found)
            #expect(expected == nil || expected == found, "\(instructionSet.name)")
            expected = found
        }
    }

    @Test("GELU by itself has the bits that it has at the end of a product", arguments: InstructionSet.available)
    func gelu(_ instructionSet: InstructionSet) {
        let compute = Compute(threads: 2, instructionSet: instructionSet)
        let input = activations(7, 96, 1)
        for quantization in [nil] + Quantization.allCases {
            let plain = matrix(131, 96, 2)
            let weights = quantization.map { plain.quantized(to: $0, on: compute) } ?? plain
            let bias = FloatBuffer((0..<131).map { Float($0) / 100 - 0.5 })
            let (fused, separate) = (Activations(width: 131), Activations(width: 131))
            weights.multiply(input, into: fused, bias: bias, gelu: true, on: compute)
            weights.multiply(input, into: separate, bias: bias, on: compute)
            separate.gelu(on: compute)
            #expect(fused.values.map(\.bitPattern) == separate.values.map(\.bitPattern))
        }
    }

    @Test("are the same whether they are added to products or to the matrix")
    func merged() {
        let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])
        let (a, b, weights) = (matrix(5, 70, 1), matrix(90, 5, 2), matrix(90, 70, 3))
        let merged = weights.merged(
            rows: 0..<90, with: [MergeFactors(a: a, b: b, scale: 0.25, on: compute)], on: compute)
        let input = activations(3, 70, 4)
        let (left, right) = (Activations(width: 90), Activations(width: 90))
        weights.multiply(input, into: left, on: compute)
        compute.add(
            ThinFactors([(output: 0, a: a, b: b, scale: 0.25)], on: compute), of: input, to: [left],
            at: ChangedRows(rows: [0, 1, 2], scales: [1, 1, 1]), in: LowRankSpace())
        merged.multiply(input, into: right, on: compute)
        #expect(zip(left.values, right.values).allSatisfy { abs($0 - $1) < 1e-3 })
    }
}
