import Foundation
import GPTJ
import Kernels
import Testing
import Tokenization
import Training

@Suite("Dropout and new adapters")
struct DropoutTests {
    private static let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])

    private func configuration() throws -> GPTJConfiguration {
        let json = """
            {"model_type": "gptj", "n_layer": 2, "n_embd": 32, "n_head": 2, "rotary_dim": 8, "n_positions": 64,
             "vocab_size": 48}
            """
        return try GPTJConfiguration(json: Array(json.utf8), path: "config.json")
    }

    private let batch = TrainingBatch([.init(text: (0..<40).map { TokenID(7 * $0 % 48) })])

    @Test("a share of the elements is left out, the rest made larger, the same again for the same key")
    func elements() {
        let source = FloatMatrix(FloatBuffer([Float](repeating: 1, count: 100_000)), rows: 100, columns: 1000)
        let (first, second, other) = (
            FloatMatrix(rows: 100, columns: 1000), FloatMatrix(rows: 100, columns: 1000),
            FloatMatrix(rows: 100, columns: 1000)
        )
        Self.compute.dropOut(source, into: first, share: 0.2, key: 1)
        Self.compute.dropOut(source, into: second, share: 0.2, key: 1)
        Self.compute.dropOut(source, into: other, share: 0.2, key: 2)
        #expect(Set(first.values) == [0, 1.25])
        // Four deviations of a binomial distribution.
        #expect(abs(first.values.count { $0 == 0 } - 20_000) < 510)
        #expect(first.values == second.values)
        #expect(first.values != other.values)
    }

    @Test(
        "gradients with dropout are those of the loss with the same left out",
        arguments: TrainingNetwork.Memory.allCases)
    func gradients(memory: TrainingNetwork.Memory) throws {
        let configuration = try configuration()
        let parameters = ParameterSet(configuration)
        parameters.initialize(seed: 3)
        // Larger than usual, so that a difference shows above the rounding.
        for place in 0..<parameters.count { parameters.values[place] *= 5 }
        let network = try TrainingNetwork(configuration, training: parameters, memory: memory, on: Self.compute)
        network.dropout.share = 0.3
        network.dropout.seed = 4
        func loss() -> Double { network.addGradients(of: batch, gradientScale: 1) }
        let middle = loss()
        #expect(loss() == middle)
        #expect(network.loss(of: batch) != middle)
        parameters.gradients.clear(on: Self.compute)
        _ = loss()
        let gradients = parameters.gradients.values
        for name in ["transformer.wte.weight", "transformer.h.0.attn.v_proj.weight", "transformer.h.1.mlp.fc_in.bias"] {
            let entry = try #require(parameters[name])
            let place = try #require(entry.range.max { abs(gradients[$0]) < abs(gradients[$1]) })
            let value = parameters.values[place]
            parameters.values[place] = value + 1e-3
            let above = loss()
            parameters.values[place] = value - 1e-3
            let below = loss()
            parameters.values[place] = value
            let slope = (above - below) / 2e-3
            #expect(abs(slope - Double(gradients[place])) < 0.02 * abs(slope), "\(name)")
        }
    }
}
