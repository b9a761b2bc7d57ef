import Foundation

/// How the rate goes over the steps of a training.
public struct LearningRateSchedule: Sendable, Equatable {
    public enum Form: String, Sendable, CaseIterable {
        /// Falls along half a cosine from the peak to the end (Loshchilov and Hutter 2017).
        case cosine
        /// Warm-up, stable, decay: stays at the peak and falls in a straight line over the last part (Hu et al. 2024).
        /// Training can go on from the stable part.
        case wsd
        /// Stays at the peak.
        case constant
    }

    public var form: Form
    /// The highest rate.
    public var peak: Double
    /// The last rate, as a share of the peak.
    public var finalShare: Double
    /// Steps over which the rate rises from 0 in a straight line.
    public var warmUpSteps: Int
    /// Steps in all.
    public var stepCount: Int
    /// Steps over which `wsd` falls.
    public var decaySteps: Int

    public init(
        form: Form, peak: Double, finalShare: Double = 0.1, warmUpSteps: Int, stepCount: Int, decaySteps: Int = 0
    ) {
        precondition(peak >= 0 && (0...1).contains(finalShare) && warmUpSteps >= 0 && stepCount >= 1 && decaySteps >= 0)
        self.form = form
        self.peak = peak
        self.finalShare = finalShare
        self.warmUpSteps = warmUpSteps
        self.stepCount = stepCount
        self.decaySteps = decaySteps
    }

    /// The rate of a step, counted from 0. Beyond the last step it's the last one's.
    public func rate(at step: Int) -> Double {
        if step < warmUpSteps { return peak * Double(step + 1) / Double(warmUpSteps) }
        let end = peak * finalShare
        switch form {
        case .constant: return peak
        case .cosine:
            return end + (peak - end) * (1 + cos(.pi * share(of: step, from: warmUpSteps))) / 2
        case .wsd:
            let start = max(stepCount - decaySteps, warmUpSteps)
            return step < start ? peak : peak - (peak - end) * share(of: step, from: start)
        }
    }

    /// How far a step is on the way from `start` to the last one, 0 to 1.
    private func share(of step: Int, from start: Int) -> Double {
        let length = stepCount - 1 - start
        return length <= 0 ? 1 : min(1, max(0, Double(step - start) / Double(length)))
    }
}
