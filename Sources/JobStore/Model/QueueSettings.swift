/// The times and limits of the queue's promises.
public struct QueueSettings: Sendable {
    /// How long a claimed job stays its worker's without a heartbeat.
    public var leaseSeconds: Double
    /// How often a worker should beat: several times a lease, so that one late beat costs nothing.
    public var heartbeatSeconds: Double
    /// A job whose worker has died that many times in it is discarded as the likely cause. Counted apart from failures.
    public var maximumCrashes: Int
    public var retry: RetryPolicy

    public init(
        leaseSeconds: Double = 60, heartbeatSeconds: Double = 15, maximumCrashes: Int = 3,
        retry: RetryPolicy = RetryPolicy()
    ) {
        self.leaseSeconds = leaseSeconds
        self.heartbeatSeconds = heartbeatSeconds
        self.maximumCrashes = maximumCrashes
        self.retry = retry
    }
}

/// How long a failed job waits: four times as long after each failure, spread so that jobs that failed together do not
/// come back together.
public struct RetryPolicy: Sendable {
    /// The wait after the first failure.
    public var firstDelaySeconds: Double
    /// The longest wait, before it is spread.
    public var longestDelaySeconds: Double
    /// The share by which a wait is lengthened or shortened at most.
    public var jitter: Double

    public init(firstDelaySeconds: Double = 15, longestDelaySeconds: Double = 3600, jitter: Double = 0.2) {
        self.firstDelaySeconds = firstDelaySeconds
        self.longestDelaySeconds = longestDelaySeconds
        self.jitter = jitter
    }

    /// - Parameters:
    ///   - failures: how often the job has failed, this time included; 1 or more.
    ///   - random: 0..<1; 0.5 leaves the wait unspread.
    public func delaySeconds(afterFailures failures: Int, random: Double) -> Double {
        // 4^30 exceeds any sensible ratio of longest to first delay, and its product with a finite delay is finite.
        var delay = firstDelaySeconds
        for _ in 1..<max(min(failures, 30), 1) where delay < longestDelaySeconds { delay *= 4 }
        return min(delay, longestDelaySeconds) * (1 + jitter * (2 * random - 1))
    }
}
