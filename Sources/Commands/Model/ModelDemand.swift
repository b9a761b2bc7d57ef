import GPTJ
import ModelFiles

/// The memory that a model takes, by how its weights are held; mapped files count, since weights that don't stay in memory
/// are read from the disk for every token.
struct ModelDemand {
    struct Choice {
        let weights: ModelOptions.WeightType
        /// All of it.
        let bytes: Int
        /// Of it, for keys and values.
        let keyValues: Int
    }

    /// In the order of `ModelOptions.WeightType`; one for a file whose weights can't be held in another way.
    let choices: [Choice]
    /// The one that the options ask for.
    let chosen: Choice

    /// - throws: ``CommandError`` where the options ask for what the file can't do.
    init(_ stored: GPTJWeights, files: Int, options: ModelOptions, path: String) throws {
        let network = stored.configuration
        let isPacking = stored.quantization == nil
        func choice(_ type: ModelOptions.WeightType) -> Choice {
            let packed = type.quantization.flatMap { isPacking ? network.weightBytes(quantization: $0) : nil }
            let keyValues = options.keyValueBytes(network, beside: type.quantization)
            return Choice(weights: type, bytes: (packed ?? files) + keyValues, keyValues: keyValues)
        }
        let type = try LoadedModel.type(requested: options.weights, stored: stored, path: path)
        chosen = choice(type)
        choices = isPacking ? ModelOptions.WeightType.allCases.map(choice) : [chosen]
    }
}
