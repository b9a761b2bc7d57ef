public import GPTJ
public import Kernels
public import ModelFiles

extension ParameterSet {
    /// All parameters of a network, as a checkpoint has them, widened to floats.
    ///
    /// - throws: `ModelFileError` for a tensor that is missing, of another shape, or packed.
    public convenience init(_ configuration: GPTJConfiguration, checkpoint: Checkpoint, on compute: Compute) throws {
        self.init(configuration)
        let checked = try CheckpointLayout(configuration).check(checkpoint)
        for entry in entries {
            let matrix = try checked[entry.name].trainableMatrix
            matrix.widen(0..<matrix.rows, into: self.matrix(entry, of: values), on: compute)
        }
    }
}

extension StoredTensor {
    /// The tensor as floats that can be trained, or trained beside.
    ///
    /// - throws: `ModelFileError` for packed weights.
    var trainableMatrix: WeightMatrix {
        get throws {
            guard type.rowFormat != nil, let matrix else {
                throw ModelFileError.tensor(
                    path: path, tensor: name,
                    expected: "weights that gradients can go through, such as f32, f16 or bf16",
                    found: "type \(type.rawValue)")
            }
            return matrix
        }
    }
}
