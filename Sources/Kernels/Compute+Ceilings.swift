internal import CKernels

/// What this machine can do at most, measured with the same instructions and threads that the engine uses.
extension Compute {
    /// Fused multiply-adds in registers, 2 operations each: GFLOP/s. Takes about `seconds`.
    public func measureArithmetic(seconds: Double) -> Double {
        var steps: Int64 = 10_000
        while true {
            let elapsed = time { thread in
                let sum = unsafe kernels.pointee.busy(steps)
                precondition(sum.isFinite)
            }
            if elapsed >= seconds / 2 { return Double(steps) * 24 * 16 * 2 * Double(team.count) / elapsed / 1e9 }
            steps *= 2
        }
    }

    /// Streams through `bytes` of memory, divided among the threads, once: GB/s.
    public func measureBandwidth(_ buffer: FloatBuffer) -> Double {
        let elapsed = time { thread in
            let part = part(thread, of: buffer.count, unit: 1024)
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
