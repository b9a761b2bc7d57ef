public import Kernels

/// AdamW (Loshchilov and Hutter 2019) over all parameters of a set, with gradients clipped by their common norm.
public final class AdamW: TrainingOptimizer {
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
    public var stepCount = 0
    private let compute: Compute

    public init(_ parameters: ParameterSet, _ settings: Settings = Settings(), on compute: Compute) {
        self.parameters = parameters
        self.settings = settings
        self.compute = compute
        means = FloatBuffer(count: parameters.count)
        squares = FloatBuffer(count: parameters.count)
    }

    public var name: String { "adamw" }

    public var memories: [(name: String, values: FloatBuffer)] { [("mean", means), ("square", squares)] }

    @discardableResult
    public func step(_ rates: LearningRates) -> Double { step(rate: rates.rate) }

    /// Takes a step along the gradients, and sets them to zero.
    ///
    /// - returns: the gradients' norm before clipping. Where it isn't finite nothing is stepped.
    @discardableResult
    public func step(rate: Double) -> Double {
        parameters.step(limit: settings.gradientNormLimit, on: compute) { scale in
            stepCount += 1
            Self.step(
                parameters.entries, of: parameters, settings, rate: rate, gradientScale: scale, step: stepCount,
                means: means, squares: squares, on: compute)
        }
    }

    /// Steps some of a set's parameters.
    static func step(
        _ entries: [ParameterSet.Entry], of parameters: ParameterSet, _ settings: Settings, rate: Double,
        gradientScale: Double, step: Int, means: FloatBuffer, squares: FloatBuffer, on compute: Compute
    ) {
        let step = AdamStep(
            rate: rate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon, step: step,
            gradientScale: gradientScale)
        for (range, isDecayed) in stretches(of: entries, settings) {
            step(
                range, weightDecay: isDecayed ? settings.weightDecay : 0, gradients: parameters.gradients,
                parameters: parameters.values, means: means, squares: squares, on: compute)
        }
    }

    /// Neighbouring parameters of one treatment.
    private static func stretches(of entries: [ParameterSet.Entry], _ settings: Settings) -> [(
        range: Range<Int>, isDecayed: Bool
    )] {
        var stretches: [(range: Range<Int>, isDecayed: Bool)] = []
        for entry in entries {
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
