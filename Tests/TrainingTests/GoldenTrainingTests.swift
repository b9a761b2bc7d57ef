import GPTJ
import Kernels
import ModelFiles
import TestSupport
import Testing
import Training

@Suite("Training equals HuggingFace's", .enabled(if: SharedFiles.areAvailable, "needs the reference values in shared/"))
struct GoldenTrainingTests {
    @Test(
        "losses and gradients", arguments: GoldenTraining.names, ["full", "masked"])
    func gradients(name: String, labels: String) throws {
        let golden = try GoldenTraining(name)
        let expected = labels == "full" ? golden.summary.variants.full : golden.summary.variants.masked
        let file = try golden.file("grads_\(labels).safetensors")
        for threads in 1...2 {
            for memory in TrainingNetwork.Memory.allCases {
                let compute = Compute(threads: threads, instructionSet: InstructionSet.available[0])
                let parameters = try ParameterSet(golden.configuration, checkpoint: golden.base, on: compute)
                let network = try TrainingNetwork(
                    golden.configuration, training: parameters, memory: memory, on: compute)
                let batch = golden.batch(labels)
                let scale = 1 / batch.totalWeight
                #expect(abs(network.loss(of: batch) * scale - expected.loss) <= 1e-4)
                let loss = network.addGradients(of: batch, gradientScale: scale) * scale
                #expect(abs(loss - expected.loss) <= 1e-4)
                let norm = parameters.gradients.sumOfSquares(0..<parameters.count, on: compute).squareRoot()
                #expect(abs(norm - expected.gradNorm) <= 1e-4 * expected.gradNorm)
                #expect(Set(parameters.entries.map(\.name)) == Set(file.names))
                for entry in parameters.entries {
                    let reference = try #require(try file.tensor(named: entry.name).floats).values
                    let found = parameters.gradients.values(entry.range)
                    let worst = zip(found, reference).map { abs($0 - $1) }.max() ?? 0
                    #expect(worst <= 1e-4 * expected.gradMaxAbs, "\(entry.name), \(threads) threads, \(memory)")
                }
            }
        }
    }

    @Test(
        "gradients by the tile unit point where the reference's do, and are as long", arguments: GoldenTraining.names,
        TrainingNetwork.Memory.allCases)
    func roundedGradients(name: String, memory: TrainingNetwork.Memory) throws {
        guard MatrixProducts.Precision.bf16.isAvailable else { return }
        let golden = try GoldenTraining(name)
        let file = try golden.file("grads_full.safetensors")
        let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])
        let parameters = try ParameterSet(golden.configuration, checkpoint: golden.base, on: compute)
        let network = try TrainingNetwork(
            golden.configuration, training: parameters, memory: memory, precision: .bf16, on: compute)
        let batch = golden.batch("full")
        let loss = network.addGradients(of: batch, gradientScale: 1 / batch.totalWeight) / batch.totalWeight
        // A number of 8 bits is off by 0.2 % at most, at random.
        #expect(abs(loss - golden.summary.variants.full.loss) <= 5e-3)
        for entry in parameters.entries {
            let reference = try #require(try file.tensor(named: entry.name).floats).values
            let found = parameters.gradients.values(entry.range)
            let product = zip(found, reference).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            let (length, expected) = (
                found.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot(),
                reference.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            )
            #expect(product > 0.995 * length * expected, "\(entry.name)")
            #expect(abs(length - expected) <= 0.05 * expected, "\(entry.name)")
        }
    }

    @Test(
        "five steps of AdamW", arguments: GoldenTraining.names, ["adamw_all_decayed", "adamw_masked_matrices_decayed"])
    func steps(name: String, variant: String) throws {
        let golden = try GoldenTraining(name)
        let variants = golden.summary.variants
        let run = variant == "adamw_all_decayed" ? variants.adamwAllDecayed : variants.adamwMaskedMatricesDecayed
        let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])
        let parameters = try ParameterSet(golden.configuration, checkpoint: golden.base, on: compute)
        let network = try TrainingNetwork(golden.configuration, training: parameters, on: compute)
        var settings = AdamW.Settings()
        settings.decaysVectors = variant == "adamw_all_decayed"
        let optimizer = AdamW(parameters, settings, on: compute)
        let batch = golden.batch(run.labels)
        for step in run.steps {
            if let before = step.lossBeforeStep {
                let loss = network.addGradients(of: batch, gradientScale: 1 / batch.totalWeight) / batch.totalWeight
                #expect(abs(loss - before) <= 1e-4)
                let norm = optimizer.step(rate: 1e-3)
                #expect(abs(norm - (step.gradNormBeforeClip ?? 0)) <= 1e-3)
            } else {
                #expect(abs(network.loss(of: batch) / batch.totalWeight - (step.lossAfterLastStep ?? 0)) <= 1e-4)
            }
        }
        let file = try golden.file("params_\(variant).safetensors")
        var differences: [Float] = []
        for entry in parameters.entries {
            let reference = try #require(try file.tensor(named: entry.name).floats).values
            differences += zip(parameters.values.values(entry.range), reference).map { abs($0 - $1) }
        }
        differences.sort()
        #expect(differences.last ?? 0 <= 1e-3)
        #expect(differences[differences.count * 999 / 1000] <= 2e-6)
    }

    @Test("an adapter's gradients and steps", arguments: GoldenTraining.names)
    func adapter(name: String) throws {
        let golden = try GoldenTraining(name)
        let expected = golden.summary.variants.loraMasked
        let compute = Compute(threads: 2, instructionSet: InstructionSet.available[0])
        let saved = try Adapter(folder: SharedFiles.golden("train/\(name)/lora/adapter_before"))
        let adapter = try AdapterParameters(saved, for: golden.configuration, on: compute)
        let network = try TrainingNetwork(golden.configuration, base: golden.base, training: adapter, on: compute)
        var settings = AdamW.Settings()
        settings.decaysVectors = true
        let optimizer = AdamW(adapter.parameters, settings, on: compute)
        let batch = golden.batch("masked")

        let loss = network.addGradients(of: batch, gradientScale: 1 / batch.totalWeight) / batch.totalWeight
        #expect(abs(loss - expected.loss) <= 1e-4)
        let gradients = try golden.file("lora/grads_masked.safetensors")
        #expect(Set(adapter.parameters.entries.map(\.name)) == Set(gradients.names))
        for entry in adapter.parameters.entries {
            let reference = try #require(try gradients.tensor(named: entry.name).floats).values
            let found = adapter.parameters.gradients.values(entry.range)
            let limit = 1e-4 * (reference.map(abs).max() ?? 0)
            #expect(zip(found, reference).allSatisfy { abs($0 - $1) <= limit }, "\(entry.name)")
        }

        optimizer.step(rate: 1e-3)
        for _ in 1..<5 {
            _ = network.addGradients(of: batch, gradientScale: 1 / batch.totalWeight)
            optimizer.step(rate: 1e-3)
        }
        let after = try golden.file("lora/params_after.safetensors")
        var differences: [Float] = []
        for entry in adapter.parameters.entries {
            let reference = try #require(try after.tensor(named: entry.name).floats).values
            differences += zip(adapter.parameters.values.values(entry.range), reference).map { abs($0 - $1) }
        }
        differences.sort()
        #expect(differences.last ?? 0 <= 1e-3)
        #expect(differences[differences.count * 999 / 1000] <= 2e-6)
    }
}
