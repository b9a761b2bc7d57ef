internal import CKernels

/// One step of AdamW (Loshchilov and Hutter 2019), with the arithmetic of PyTorch's.
public struct AdamStep: Sendable {
    public var rate: Double
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    /// Steps taken with this one: 1 for the first.
    public var step: Int
    /// What gradients are multiplied by first: clipping.
    public var gradientScale: Double

    public init(rate: Double, beta1: Double, beta2: Double, epsilon: Double, step: Int, gradientScale: Double) {
        precondition(step >= 1)
        self.rate = rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.step = step
        self.gradientScale = gradientScale
    }

    /// Steps a stretch of parameters; all buffers are alike in their order.
    ///
    /// - parameters:
    ///   - weightDecay: decoupled from the gradient: parameters shrink by `rate * weightDecay`
    ///   - means, squares: running averages of gradients and of their squares
    public func callAsFunction(
        _ range: Range<Int>, weightDecay: Double, gradients: FloatBuffer, parameters: FloatBuffer, means: FloatBuffer,
        squares: FloatBuffer, on compute: Compute
    ) {
        for buffer in [gradients, parameters, means, squares] {
            precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count)
        }
        let first = range.lowerBound
        var settings = ck_adam_step()
        settings.gradient_scale = Float(gradientScale)
        settings.decay = Float(1 - rate * weightDecay)
        settings.beta1 = Float(beta1)
        settings.beta2 = Float(beta2)
        settings.step_size = Float(rate / (1 - power(beta1, step)))
        settings.inverse_correction = Float(1 / (1 - power(beta2, step)).squareRoot())
        settings.epsilon = Float(epsilon)
        compute.divide(range.count, unit: 1024, work: 16 * range.count) { part, _ in
            var settings = settings
            let start = first + part.lowerBound
            unsafe compute.trainingKernels.pointee.adam(
                &settings, Int64(part.count), gradients.base + start, parameters.base + start, means.base + start,
                squares.base + start)
        }
    }

    /// `base ^ exponent`, by squaring.
    private func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, factor, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return result
    }
}

extension FloatBuffer {
    /// Sets every element to zero.
    public func clear(on compute: Compute) {
        compute.divide(count, unit: 1024, work: count) { part, _ in
            unsafe (base + part.lowerBound).update(repeating: 0, count: part.count)
        }
    }

    /// The sum of the squares of a range.
    public func sumOfSquares(_ range: Range<Int>, on compute: Compute) -> Double {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        // Stretches of one length, whatever the threads: the sum doesn't depend on how many there are.
        let length = 1 << 16
        let stretches = (range.count + length - 1) / length
        var sums = [Double](repeating: 0, count: stretches)
        unsafe sums.withUnsafeMutableBufferPointer { sums in
            nonisolated(unsafe) let sums = unsafe sums
            compute.divide(stretches, unit: 1, work: range.count) { part, _ in
                for stretch in part {
                    let start = range.lowerBound + stretch * length
                    let end = min(start + length, range.upperBound)
                    unsafe sums[stretch] = compute.trainingKernels.pointee.dot(
                        Int64(end - start), base + start, base + start)
                }
            }
        }
        return sums.reduce(0, +)
    }
}

extension FloatMatrix {
    /// The sum of the squares of all elements.
    ///
    /// - precondition: the rows follow each other without gaps.
    public func sumOfSquares(on compute: Compute) -> Double {
        precondition(isContiguous)
        return buffer.sumOfSquares(offset..<offset + rows * columns, on: compute)
    }
}
