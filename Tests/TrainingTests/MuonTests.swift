import GPTJ
import Kernels
import TestSupport
import Testing
import Training

@Suite("Muon")
struct MuonTests {
    private let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])

    /// A matrix as the reference below computes with it, in doubles.
    private typealias Matrix = [[Double]]

    private func product(_ a: Matrix, _ b: Matrix) -> Matrix {
        a.map { row in b[0].indices.map { j in row.indices.reduce(0) { $0 + row[$1] * b[$1][j] } } }
    }

    private func transposed(_ a: Matrix) -> Matrix { a[0].indices.map { j in a.map { $0[j] } } }

    private func sum(_ parts: [(Double, Matrix)]) -> Matrix {
        parts[0].1.indices.map { i in
            parts[0].1[0].indices.map { j in parts.reduce(0) { $0 + $1.0 * $1.1[i][j] } }
        }
    }

    /// Jordan's `zeropower_via_newtonschulz5`, as plainly as it can be said.
    private func orthogonalized(_ matrix: Matrix) -> Matrix {
        let isTall = matrix.count > matrix[0].count
        var x = isTall ? transposed(matrix) : matrix
        let norm = x.flatMap(\.self).reduce(0) { $0 + $1 * $1 }.squareRoot()
        x = sum([(1 / (norm + 1e-7), x)])
        for _ in 0..<5 {
            let a = product(x, transposed(x))
            let b = sum([(-4.7750, a), (2.0315, product(a, a))])
            x = sum([(3.4445, x), (1, product(b, x))])
        }
        return isTall ? transposed(x) : x
    }

    @Test("three steps equal a plain reference", arguments: [(12, 12), (8, 20), (20, 8)])
    func steps(rows: Int, columns: Int) throws {
        let name = "transformer.h.0.mlp.fc_in.weight"
        let parameters = ParameterSet([(name, [rows, columns]), ("transformer.ln_f.weight", [5])])
        var random = SplitMix64(seed: 11)
        func draw() -> Double { Double(Float(Double.random(in: -1...1, using: &random))) }
        var values: Matrix = (0..<rows).map { _ in (0..<columns).map { _ in draw() } }
        for (place, value) in values.flatMap(\.self).enumerated() { parameters.values[place] = Float(value) }
        var settings = Muon.Settings()
        settings.weightDecay = 0.3
        settings.rest.gradientNormLimit = nil
        let muon = try Muon(parameters, settings, on: compute)
        var momentum: Matrix = values.map { $0.map { _ in 0 } }
        for step in 1...3 {
            let gradient: Matrix = values.map { $0.map { _ in draw() } }
            for (place, value) in gradient.flatMap(\.self).enumerated() { parameters.gradients[place] = Float(value) }
            muon.step(LearningRates(rate: 0.1, matrixRate: 0.02))
            momentum = sum([(0.95, momentum), (1, gradient)])
            let direction = orthogonalized(sum([(1, gradient), (0.95, momentum)]))
            let size = max(1, Double(rows) / Double(columns)).squareRoot()
            values = sum([(1 - 0.02 * 0.3, values), (-0.02 * size, direction)])
            let found = parameters.values.values(0..<rows * columns)
            let worst = zip(found, values.flatMap(\.self)).map { abs(Double($0) - $1) }.max() ?? 1
            #expect(worst < 2e-6, "step \(step)")
        }
        #expect(parameters.gradients.values.allSatisfy { $0 == 0 })
    }

    @Test("what isn't a matrix inside a block is stepped by AdamW, clipped by the norm of all")
    func rest() throws {
        let shapes = [("transformer.wte.weight", [6, 4]), ("transformer.h.0.attn.q_proj.weight", [4, 4])]
        let mixed = ParameterSet(shapes)
        let plain = ParameterSet(shapes)
        for parameters in [mixed, plain] {
            for place in 0..<parameters.count {
                parameters.values[place] = Float(place) / 10
                parameters.gradients[place] = Float(place % 7) - 3
            }
        }
        let muon = try Muon(mixed, on: compute)
        let adam = AdamW(plain, on: compute)
        let rates = LearningRates(rate: 0.01, matrixRate: 0.02)
        #expect(muon.step(rates) == adam.step(rates))
        #expect(mixed.values.values(0..<24) == plain.values.values(0..<24))
        #expect(mixed.values.values(24..<40) != plain.values.values(24..<40))
    }
}
