internal import CKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The negative log-likelihood of labels under the softmax of logits, and its gradient.
public struct CrossEntropy {
    private let compute: Compute

    public init(on compute: Compute) { self.compute = compute }

    /// The sum of `weights[row] * -log p(labels[row])`.
    ///
    /// - parameters:
    ///   - logits: `[rows, vocabulary]`; becomes the gradient of the sum times `scale` where `scale` isn't `nil`, else
    ///     what it becomes is undefined
    public func callAsFunction(
        _ logits: FloatMatrix, labels: [Int], weights: [Float], gradientScale scale: Float?
    ) -> Double {
        precondition(labels.count == logits.rows && weights.count == logits.rows)
        precondition(labels.allSatisfy { $0 >= 0 && $0 < logits.columns })
        let losses = FloatBuffer(count: logits.rows)
        let kernels = unsafe compute.trainingKernels
        let count = Int64(logits.columns)
        compute.divide(logits.rows, unit: 1, work: 16 * logits.rows * logits.columns) { part, _ in
            for row in part {
                let values = unsafe logits.row(row)
                let label = unsafe values[labels[row]]
                let most = unsafe kernels.pointee.largest(count, values)
                let sum = unsafe kernels.pointee.exponentials(count, 1, most, values)
                losses[row] = weights[row] * (logf(sum) + most - label)
                guard let scale else { continue }
                unsafe kernels.pointee.scale(count, scale * weights[row] / sum, values)
                unsafe values[labels[row]] -= scale * weights[row]
            }
        }
        return (0..<logits.rows).reduce(0) { $0 + Double(losses[$1]) }
    }
}
