public import GPTJ
import Kernels
import ModelFiles

extension AdapterParameters {
    /// What a new adapter is like.
    public struct Form: Sendable, Equatable {
        public var rank: Int
        public var alpha: Double
        /// Divides alpha by the rank's square root, not by the rank (Kalajdzievski 2023).
        public var usesRankStabilizedScale: Bool
        /// The ends of the changed modules' names, such as `q_proj`.
        public var targets: [String]

        public init(rank: Int, alpha: Double, usesRankStabilizedScale: Bool = false, targets: [String]) {
            precondition(rank >= 1 && !targets.isEmpty)
            self.rank = rank
            self.alpha = alpha
            self.usesRankStabilizedScale = usesRankStabilizedScale
            self.targets = targets
        }

        /// What the change is multiplied by.
        public var scale: Double {
            usesRankStabilizedScale ? alpha / Double(rank).squareRoot() : alpha / Double(rank)
        }
    }

    /// The modules of a block that an adapter may change, by the ends of their names.
    public static let targets = ["q_proj", "k_proj", "v_proj", "out_proj", "fc_in", "fc_out"]

    /// A new adapter, which changes nothing yet: `A` is drawn evenly from ±1/√inputs, as `peft` does, `B` is zero.
    ///
    /// - precondition: every target is one of ``targets``.
    public init(_ form: Form, for configuration: GPTJConfiguration, seed: UInt64) {
        precondition(form.targets.allSatisfy(Self.targets.contains))
        let shapes = Self.moduleShapes(of: configuration)
        let modules = CheckpointLayout(configuration).entries.map { String($0.name.dropLast(".weight".count)) }.filter {
            module in shapes[module] != nil && form.targets.contains { module.hasSuffix("." + $0) }
        }
        let parameters = ParameterSet(
            modules.flatMap { module -> [(name: String, shape: [Int])] in
                let shape = shapes[module] ?? []
                return [
                    (Adapter.tensorName(module: module, isA: true), [form.rank, shape[1]]),
                    (Adapter.tensorName(module: module, isA: false), [shape[0], form.rank]),
                ]
            })
        for (index, entry) in parameters.entries.enumerated() where entry.name.hasSuffix(".lora_A.weight") {
            var random = CountingGenerator(seed: seed, stream: UInt64(index))
            let bound = 1 / Float(entry.shape[1]).squareRoot()
            for place in entry.range { parameters.values[place] = Float.random(in: -bound...bound, using: &random) }
        }
        self.init(scales: modules.map { ($0, form.scale) }, parameters: parameters)
    }
}
