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
            let tensor = checked[entry.name]
            guard tensor.type.rowFormat != nil, let matrix = tensor.matrix else {
                throw ModelFileError.tensor(
                    path: tensor.path, tensor: tensor.name, expected: "weights that can be trained: f32, f16 or bf16",
                    found: "type \(tensor.type.rawValue)")
            }
            matrix.widen(0..<matrix.rows, into: self.matrix(entry, of: values), on: compute)
        }
    }
}
