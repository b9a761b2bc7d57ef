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
    /// What is left out of the input, and under which number.
    var dropout: (state: Dropout, place: Int)?

    /// The input without what is left out of it.
    func dropped(_ input: FloatMatrix, on compute: Compute) -> FloatMatrix {
        guard let dropout, dropout.state.isDropping else { return input }
        let output = FloatMatrix(rows: input.rows, columns: input.columns)
        dropout.state.apply(to: input, into: output, place: dropout.place, on: compute)
        return output
    }
}

/// `y = x Wᵀ + bias`, with or without a change of low rank.
struct Projection: Sendable {
    let weight: Weight
    var bias: Parameter?
    var change: LowRankChange?

    /// Several projections of the same input. Where all are trained it's taken once.
    static func forward(
        _ input: FloatMatrix, _ parts: [(projection: Projection, output: FloatMatrix)], by products: MatrixProducts
    ) {
        let weights = parts.compactMap(\.projection.plainWeight)
        guard weights.count == parts.count else {
            for part in parts { part.projection.forward(input, into: part.output, by: products) }
            return
        }
        products.multiply(
            input.asIs, byEach: zip(weights, parts).map { ($0.values.transposed, $1.output) })
        for part in parts {
            if let bias = part.projection.bias { products.compute.addBias(bias.values, to: part.output) }
        }
    }

    /// The backward pass of several projections of the same input: the gradient of the input replaces `inputGradient`.
    static func backward(
        _ input: FloatMatrix, _ parts: [(projection: Projection, outputGradient: FloatMatrix)],
        into inputGradient: FloatMatrix, by products: MatrixProducts
    ) {
        let weights = parts.compactMap(\.projection.plainWeight)
        guard weights.count == parts.count else {
            for (index, part) in parts.enumerated() {
                part.projection.backward(
                    input, outputGradient: part.outputGradient, into: inputGradient, adding: index > 0, by: products)
            }
            return
        }
        for part in parts {
            if let gradient = part.projection.bias?.gradient {
                products.compute.addColumnSums(of: part.outputGradient, to: gradient)
            }
        }
        products.multiply(
            each: zip(weights, parts).compactMap { weight, part in
                weight.gradient.map { (part.outputGradient.transposed, $0) }
            }, by: input.asIs)
        products.multiply(
            sumOf: zip(weights, parts).map { ($1.outputGradient.asIs, $0.values.asIs) }, into: inputGradient,
            adding: false)
    }

    /// The weight, where it's trained and nothing is added to it.
    private var plainWeight: Parameter? {
        guard case .trained(let parameter) = weight, change == nil else { return nil }
        return parameter
    }

    /// `output = x Wᵀ + bias`, or added to it.
    func forward(_ input: FloatMatrix, into output: FloatMatrix, adding: Bool = false, by products: MatrixProducts) {
        switch weight {
        case .trained(let parameter):
            products.multiply(input.asIs, parameter.values.transposed, into: output, adding: adding)
        case .frozen(let matrix): products.multiply(input, byTransposed: matrix, into: output, adding: adding)
        }
        if let change {
            let inner = FloatMatrix(rows: input.rows, columns: change.a.values.rows)
            let source = change.dropped(input, on: products.compute)
            products.multiply(source.asIs, change.a.values.transposed, into: inner)
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
        let source = change.dropped(input, on: products.compute)
        if let gradient = change.b.gradient {
            products.multiply(source.asIs, change.a.values.transposed, into: inner)
            products.multiply(
                outputGradient.transposed, inner.asIs, into: gradient, adding: true, scale: change.scale)
        }
        products.multiply(outputGradient.asIs, change.b.values.asIs, into: inner, scale: change.scale)
        if let gradient = change.a.gradient {
            products.multiply(inner.transposed, source.asIs, into: gradient, adding: true)
        }
        guard let dropout = change.dropout, dropout.state.isDropping else {
            return products.multiply(inner.asIs, change.a.values.asIs, into: inputGradient, adding: true)
        }
        let sourceGradient = FloatMatrix(rows: input.rows, columns: input.columns)
        products.multiply(inner.asIs, change.a.values.asIs, into: sourceGradient)
        dropout.state.apply(to: sourceGradient, into: sourceGradient, place: dropout.place, on: products.compute)
        products.compute.add(sourceGradient, to: inputGradient)
    }
}
