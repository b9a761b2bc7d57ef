public import Kernels

/// AdamW (Loshchilov and Hutter 2019) over all parameters of a set, with gradients clipped by their common norm.
public final class AdamW {
    public struct Settings: Sendable, Equatable {
        public var beta1 = 0.9
        public var beta2 = 0.95
        public var epsilon = 1e-8
        /// Parameters shrink by `rate * weightDecay` a step.
        public var weightDecay = 0.1
        /// Whether biases and normalizations shrink, too.
        public var decaysVectors = false
        /// The norm that the gradients of all parameters together are scaled down to (Pascanu et al. 2013); `nil` for
        /// no limit.
        public var gradientNormLimit: Double? = 1

        public init() {}
    }

    public let settings: Settings
    public let parameters: ParameterSet
    /// Running averages of the gradients and of their squares, in the parameters' order.
    public let means: FloatBuffer
    public let squares: FloatBuffer
    /// Steps taken.
    public var stepCount = 0
    private let compute: Compute

    public init(_ parameters: ParameterSet, _ settings: Settings = Settings(), on compute: Compute) {
        self.parameters = parameters
        self.settings = settings
        self.compute = compute
        means = FloatBuffer(count: parameters.count)
        squares = FloatBuffer(count: parameters.count)
    }

    /// Takes a step along the gradients, and sets them to zero.
    ///
    /// - returns: the gradients' norm before clipping. Where it isn't finite nothing is stepped.
    @discardableResult
    public func step(rate: Double) -> Double {
        let norm = parameters.gradients.sumOfSquares(0..<parameters.count, on: compute).squareRoot()
        if norm.isFinite {
            stepCount += 1
            let scale = settings.gradientNormLimit.map { min(1, $0 / (norm + 1e-6)) } ?? 1
            let step = AdamStep(
                rate: rate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon, step: stepCount,
                gradientScale: scale)
            for (range, isDecayed) in stretches {
                step(
                    range, weightDecay: isDecayed ? settings.weightDecay : 0, gradients: parameters.gradients,
                    parameters: parameters.values, means: means, squares: squares, on: compute)
            }
        }
        compute.fill(FloatMatrix(parameters.gradients, rows: 1, columns: parameters.count))
        return norm
    }

    /// Neighbouring parameters of one treatment.
    private var stretches: [(range: Range<Int>, isDecayed: Bool)] {
        var stretches: [(range: Range<Int>, isDecayed: Bool)] = []
        for entry in parameters.entries {
            let isDecayed = entry.isMatrix || settings.decaysVectors
            if let last = stretches.last, last.isDecayed == isDecayed, last.range.upperBound == entry.range.lowerBound {
                stretches[stretches.count - 1].range = last.range.lowerBound..<entry.range.upperBound
            } else {
                stretches.append((entry.range, isDecayed))
            }
        }
        return stretches
    }
}
