internal import CKernels

/// Layer normalization (Ba et al. 2016) with its backward pass.
public struct LayerNormalization: Sendable {
    public let epsilon: Float

    public init(epsilon: Float) { self.epsilon = epsilon }

    /// What the backward pass needs of the forward pass: by row, the mean and the inverse of the deviation.
    public struct Statistics: Sendable {
        let means: FloatBuffer
        let inverses: FloatBuffer

        public init(rows: Int) {
            means = FloatBuffer(count: rows)
            inverses = FloatBuffer(count: rows)
        }
    }

    /// `output = normalized input * weight + bias`, row by row; `weight` and `bias` are `[1, columns]`.
    public func forward(
        _ input: FloatMatrix, weight: FloatMatrix, bias: FloatMatrix, into output: FloatMatrix,
        _ statistics: Statistics, on compute: Compute
    ) {
        precondition(input.columns == weight.columns && input.columns == bias.columns)
        precondition(output.rows == input.rows && output.columns == input.columns)
        precondition(statistics.means.count >= input.rows)
        compute.divide(input.rows, unit: 1, work: 16 * input.rows * input.columns) { part, _ in
            for row in part {
                unsafe compute.trainingKernels.pointee.normalize(
                    Int64(input.columns), input.row(row), weight.base, bias.base, epsilon, output.row(row),
                    statistics.means.base + row, statistics.inverses.base + row)
            }
        }
    }

    /// Adds to `inputGradient` what the input gets of `outputGradient`, and to the parameters' gradients theirs, where
    /// there are any.
    public func backward(
        _ input: FloatMatrix, _ statistics: Statistics, weight: FloatMatrix, outputGradient: FloatMatrix,
        addingTo inputGradient: FloatMatrix, weightGradient: FloatMatrix?, biasGradient: FloatMatrix?,
        on compute: Compute
    ) {
        precondition(outputGradient.rows == input.rows && inputGradient.rows == input.rows)
        precondition(outputGradient.columns == input.columns && inputGradient.columns == input.columns)
        precondition((weightGradient == nil) == (biasGradient == nil))
        // Every thread sums the parameters' gradients of its rows; the sums are added in the threads' order.
        let partial = FloatMatrix(rows: 2 * compute.team.count, columns: input.columns)
        let count = Int64(input.columns)
        compute.divide(input.rows, unit: 1, work: 32 * input.rows * input.columns) { part, thread in
            let sums = weightGradient == nil ? nil : unsafe partial.row(2 * thread)
            let shifts = weightGradient == nil ? nil : unsafe partial.row(2 * thread + 1)
            for row in part {
                unsafe compute.trainingKernels.pointee.normalize_back(
                    count, input.row(row), statistics.means[row], statistics.inverses[row], weight.base,
                    outputGradient.row(row), inputGradient.row(row), sums, shifts)
            }
        }
        guard let weightGradient, let biasGradient else { return }
        for thread in 0..<compute.team.count {
            unsafe compute.trainingKernels.pointee.add(count, 1, partial.row(2 * thread), weightGradient.base)
            unsafe compute.trainingKernels.pointee.add(count, 1, partial.row(2 * thread + 1), biasGradient.base)
        }
    }
}
