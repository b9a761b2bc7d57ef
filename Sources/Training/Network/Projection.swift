import Kernels

/// A matrix of the network, `[out, in]`: trained, or constant as it lies in its file.
enum Weight: Sendable {
    case trained(Parameter)
    case frozen(WeightMatrix)

    /// Rows at `indices`, as floats: the embedding.
    func gather(_ indices: [Int], into output: FloatMatrix, on compute: Compute) {
        switch self {
        case .trained(let parameter): compute.gather(indices, of: parameter.values, into: output)
        case .frozen(let matrix):
            for (row, index) in indices.enumerated() {
                matrix.widen(index..<index + 1, into: output.rows(row..<row + 1), on: compute)
            }
        }
    }
}

/// A change of a matrix by the product of two thin ones: `W + scale B A` (Hu et al. 2021, LoRA).
struct LowRankChange: Sendable {
    /// `[rank, in]`
    let a: Parameter
    /// `[out, rank]`
    let b: Parameter
    let scale: Float
}

/// `y = x Wᵀ + bias`, with or without a change of low rank.
struct Projection: Sendable {
    let weight: Weight
    var bias: Parameter?
    var change: LowRankChange?

    /// `output = x Wᵀ + bias`, or added to it.
    func forward(_ input: FloatMatrix, into output: FloatMatrix, adding: Bool = false, by products: MatrixProducts) {
        switch weight {
        case .trained(let parameter):
            products.multiply(input.asIs, parameter.values.transposed, into: output, adding: adding)
        case .frozen(let matrix): products.multiply(input, byTransposed: matrix, into: output, adding: adding)
        }
        if let change {
            let inner = FloatMatrix(rows: input.rows, columns: change.a.values.rows)
            products.multiply(input.asIs, change.a.values.transposed, into: inner)
            products.multiply(
                inner.asIs, change.b.values.transposed, into: output, adding: true, scale: change.scale)
        }
        if let bias { products.compute.addBias(bias.values, to: output) }
    }

    /// Adds to the gradients of what is trained, and puts that of the input into `inputGradient`, or adds it there.
    func backward(
        _ input: FloatMatrix, outputGradient: FloatMatrix, into inputGradient: FloatMatrix, adding: Bool = false,
        by products: MatrixProducts
    ) {
        if let gradient = bias?.gradient { products.compute.addColumnSums(of: outputGradient, to: gradient) }
        switch weight {
        case .trained(let parameter):
            if let gradient = parameter.gradient {
                products.multiply(outputGradient.transposed, input.asIs, into: gradient, adding: true)
            }
            products.multiply(outputGradient.asIs, parameter.values.asIs, into: inputGradient, adding: adding)
        case .frozen(let matrix): products.multiply(outputGradient, by: matrix, into: inputGradient, adding: adding)
        }
        guard let change else { return }
        let inner = FloatMatrix(rows: input.rows, columns: change.a.values.rows)
        if let gradient = change.b.gradient {
            products.multiply(input.asIs, change.a.values.transposed, into: inner)
            products.multiply(
                outputGradient.transposed, inner.asIs, into: gradient, adding: true, scale: change.scale)
        }
        products.multiply(outputGradient.asIs, change.b.values.asIs, into: inner, scale: change.scale)
        if let gradient = change.a.gradient {
            products.multiply(inner.transposed, input.asIs, into: gradient, adding: true)
        }
        products.multiply(inner.asIs, change.a.values.asIs, into: inputGradient, adding: true)
    }
}
