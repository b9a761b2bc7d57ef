internal import CKernels

/// One of the products that a step makes of the same rows.
public struct Product {
    let matrix: WeightMatrix
    let output: Activations
    let bias: FloatBuffer?
    let gelu: Bool
    let result: Result

    /// What becomes of a product's sums.
    public enum Result: Sendable {
        /// They replace what the output held.
        case replace
        /// They are added to it: the residual stream.
        case add
    }

    /// `output[i, n] = sum over j of input[i, j] * matrix[n, j] + bias[n]`, through GELU where asked.
    ///
    /// - parameters:
    ///   - output: `[tokens, matrix.rows]`; gets as many rows as the input unless it's added to
    ///   - bias: `matrix.rows` elements
    public init(
        _ matrix: WeightMatrix, into output: Activations, bias: FloatBuffer? = nil, gelu: Bool = false,
        result: Result = .replace
    ) {
        precondition(output.width == matrix.rows && bias.map { $0.count == matrix.rows } ?? true)
        self.matrix = matrix
        self.output = output
        self.bias = bias
        self.gelu = gelu
        self.result = result
    }
}

extension Compute {
    /// Multiplies the same rows by several matrices: they are quantized once, and the threads meet once.
    ///
    /// A row's result doesn't depend on the other rows.
    public func multiply(_ input: Activations, _ products: [Product]) {
        for product in products {
            precondition(input.width == product.matrix.columns && product.output !== input)
            if product.result == .replace { product.output.rows = input.rows }
            precondition(product.output.rows == input.rows)
        }
        if input.rows == 0 { return }
        if products.contains(where: { $0.matrix.quantization != nil }) { quantized.quantize(input, on: self) }
        let work = products.reduce(0) { $0 + input.rows * $1.matrix.rows * $1.matrix.columns }
        divide(work: work) { thread, threads in
            for product in products {
                let part = part(thread, of: threads, count: product.matrix.rows, unit: Int(ck_panel_columns))
                if !part.isEmpty { product.matrix.multiply(input, product, columns: part, thread: thread, on: self) }
            }
        }
    }
}
