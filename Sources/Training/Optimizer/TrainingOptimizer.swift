public import Kernels

/// What changes parameters along their gradients.
public protocol TrainingOptimizer: AnyObject {
    var parameters: ParameterSet { get }
    /// Steps taken.
    var stepCount: Int { get set }
    /// What is remembered from step to step, in the parameters' order, under names of its own.
    var memories: [(name: String, values: FloatBuffer)] { get }
    /// Tells optimizers apart: a training is continued with the same only.
    var name: String { get }

    /// Takes a step along the gradients, and sets them to zero.
    ///
    /// - returns: the gradients' norm before clipping. Where it isn't finite nothing is stepped.
    @discardableResult
    func step(_ rates: LearningRates) -> Double
}

/// How far a step goes.
public struct LearningRates: Sendable, Equatable {
    /// Of AdamW.
    public var rate: Double
    /// Of Muon's matrices.
    public var matrixRate: Double

    public init(rate: Double, matrixRate: Double) {
        self.rate = rate
        self.matrixRate = matrixRate
    }

    public static func * (rates: LearningRates, factor: Double) -> LearningRates {
        LearningRates(rate: rates.rate * factor, matrixRate: rates.matrixRate * factor)
    }
}

extension ParameterSet {
    /// Does one step's common part: clips by the norm of all gradients, and sets them to zero afterwards.
    ///
    /// - parameters:
    ///   - limit: the norm that the gradients are scaled down to (Pascanu et al. 2013); `nil` for no limit
    ///   - body: gets what gradients are to be multiplied by; isn't called where the norm isn't finite
    /// - returns: the norm before clipping.
    func step(limit: Double?, on compute: Compute, _ body: (_ gradientScale: Double) -> Void) -> Double {
        let norm = gradients.sumOfSquares(0..<count, on: compute).squareRoot()
        if norm.isFinite { body(limit.map { min(1, $0 / (norm + 1e-6)) } ?? 1) }
        gradients.clear(on: compute)
        return norm
    }
}
