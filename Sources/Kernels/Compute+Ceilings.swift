internal import CKernels

/// What this machine can do at most, measured with the same instructions and threads that the engine uses.
extension Compute {
    /// Fused multiply-adds in registers, 2 operations each: GFLOP/s. Takes about `seconds`.
    public func measureArithmetic(seconds: Double) -> Double {
        measure(seconds: seconds, operations: 24 * 16 * 2) { steps in
            let sum = unsafe kernels.pointee.busy(steps)
            precondition(sum.isFinite)
        }
    }

    /// Multiply-adds of bytes in registers, 2 operations each: GOP/s. Takes about `seconds`.
    public func measureIntegerArithmetic(seconds: Double) -> Double {
        measure(seconds: seconds, operations: 24 * 64 * 2) { steps in
            unsafe _ = quantizedKernels.pointee.busy(steps)
        }
    }

    /// 10^9 operations a second of the whole team, where `body` takes a number of steps of `operations` each.
    private func measure(seconds: Double, operations: Double, _ body: (_ steps: Int64) -> Void) -> Double {
        var steps: Int64 = 10_000
        while true {
            let elapsed = time { _ in body(steps) }
            if elapsed >= seconds / 2 { return Double(steps) * operations * Double(team.count) / elapsed / 1e9 }
            steps *= 2
        }
    }

    /// Streams through `bytes` of memory, divided among the threads, once: GB/s.
    public func measureBandwidth(_ buffer: FloatBuffer) -> Double {
        let elapsed = time { thread in
            let part = part(thread, of: team.count, count: buffer.count, unit: 1024)
            let sum = unsafe kernels.pointee.sum(Int64(part.count), buffer.base + part.lowerBound)
            precondition(sum.isFinite)
        }
        return Double(buffer.count * 4) / elapsed / 1e9
    }

    /// Seconds that the team takes for `body`.
    private func time(_ body: (Int) -> Void) -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        team.run(body)
        let (seconds, attoseconds) = start.duration(to: clock.now).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
