public import Kernels

/// Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks") for the matrices inside the
/// blocks, AdamW for all other parameters.
///
/// A matrix's step is its gradients' momentum with all singular values brought near 1, by five Newton-Schulz iterations,
/// times `sqrt(max(1, outputs / inputs))`.
public final class Muon: TrainingOptimizer {
    public struct Settings: Sendable, Equatable {
        public var momentum = 0.95
        /// Matrices inside the blocks shrink by `matrixRate * weightDecay` a step.
        public var weightDecay = 0.0
        /// Of everything else; its limit of the norm is that of all gradients.
        public var rest = AdamW.Settings()

        public init() {}
    }

    /// Coefficients of the quintic whose iteration drives singular values to about 1 (Jordan et al. 2024).
    private static let coefficients: (a: Float, b: Float, c: Float) = (3.4445, -4.7750, 2.0315)
    private static let iterations = 5

    public let settings: Settings
    public let parameters: ParameterSet
    public var stepCount = 0
    /// Momentum of the matrices inside the blocks; AdamW's means of the rest.
    private let means: FloatBuffer
    /// AdamW's squares; zeros where Muon is at work.
    private let squares: FloatBuffer
    private let products: MatrixProducts
    private let matrices: [ParameterSet.Entry]
    private let rest: [ParameterSet.Entry]
    private var spaces: [[Int]: Space] = [:]

    /// - parameter precision: of the iterations' products; bf16 is what the authors use.
    /// - throws: `OpenBLASError`
    public init(
        _ parameters: ParameterSet, _ settings: Settings = Settings(), precision: MatrixProducts.Precision = .f32,
        on compute: Compute
    ) throws {
        self.parameters = parameters
        self.settings = settings
        products = try MatrixProducts(precision, on: compute)
        means = FloatBuffer(count: parameters.count)
        squares = FloatBuffer(count: parameters.count)
        matrices = parameters.entries.filter(Self.isTaken)
        rest = parameters.entries.filter { !Self.isTaken($0) }
    }

    /// Whether a parameter is a matrix inside a block.
    private static func isTaken(_ entry: ParameterSet.Entry) -> Bool {
        entry.isMatrix && entry.name.hasPrefix("transformer.h.")
    }

    public var name: String { "muon" }

    public var memories: [(name: String, values: FloatBuffer)] { [("mean", means), ("square", squares)] }

    @discardableResult
    public func step(_ rates: LearningRates) -> Double {
        let compute = products.compute
        return parameters.step(limit: settings.rest.gradientNormLimit, on: compute) { scale in
            stepCount += 1
            AdamW.step(
                rest, of: parameters, settings.rest, rate: rates.rate, gradientScale: scale, step: stepCount,
                means: means, squares: squares, on: compute)
            for entry in matrices { step(entry, rate: rates.matrixRate, gradientScale: Float(scale)) }
        }
    }

    private func step(_ entry: ParameterSet.Entry, rate: Double, gradientScale: Float) {
        let compute = products.compute
        let (gradient, momentum) = (
            parameters.matrix(entry, of: parameters.gradients), parameters.matrix(entry, of: means)
        )
        let values = parameters.matrix(entry, of: parameters.values)
        let factor = Float(settings.momentum)
        compute.scale(momentum, by: factor)
        compute.add(gradient, times: gradientScale, to: momentum)
        // Nesterov's: the momentum as it will be, with this gradient once more.
        compute.scale(gradient, by: gradientScale)
        compute.add(momentum, times: factor, to: gradient)
        let space = spaces[entry.shape] ?? Space(rows: values.rows, columns: values.columns)
        spaces[entry.shape] = space
        let direction = orthogonalize(gradient, in: space)
        if settings.weightDecay > 0 { compute.scale(values, by: Float(1 - rate * settings.weightDecay)) }
        let size = max(1, Double(values.rows) / Double(values.columns)).squareRoot()
        compute.add(direction, times: Float(-rate * size), to: values)
    }

    /// What iterations on matrices of one shape need.
    private struct Space {
        let x: FloatMatrix
        let next: FloatMatrix
        let square: FloatMatrix
        let polynomial: FloatMatrix

        init(rows: Int, columns: Int) {
            x = FloatMatrix(rows: rows, columns: columns)
            next = FloatMatrix(rows: rows, columns: columns)
            let least = min(rows, columns)
            square = FloatMatrix(rows: least, columns: least)
            polynomial = FloatMatrix(rows: least, columns: least)
        }
    }

    /// The matrix with its singular values brought near 1: `X = a X + (b A + c A A) X` with `A = X Xᵀ`, again and again,
    /// from the matrix divided by its norm. Of tall matrices the other way round, so that `A` is the smaller square.
    private func orthogonalize(_ matrix: FloatMatrix, in space: Space) -> FloatMatrix {
        let compute = products.compute
        let isTall = matrix.rows > matrix.columns
        let norm = matrix.sumOfSquares(on: compute).squareRoot()
        var (x, next) = (space.x, space.next)
        compute.copy(matrix, into: x)
        compute.scale(x, by: Float(1 / (norm + 1e-7)))
        let (a, b, c) = Self.coefficients
        for _ in 0..<Self.iterations {
            if isTall {
                products.multiply(x.transposed, x.asIs, into: space.square)
            } else {
                products.multiply(x.asIs, x.transposed, into: space.square)
            }
            compute.copy(space.square, into: space.polynomial)
            compute.scale(space.polynomial, by: b)
            products.multiply(space.square.asIs, space.square.asIs, into: space.polynomial, adding: true, scale: c)
            compute.copy(x, into: next)
            compute.scale(next, by: a)
            if isTall {
                products.multiply(x.asIs, space.polynomial.asIs, into: next, adding: true)
            } else {
                products.multiply(space.polynomial.asIs, x.asIs, into: next, adding: true)
            }
            swap(&x, &next)
        }
        return x
    }
}
