import JobStore

/// Sees to it that the same part isn't computed twice: what is known is used again, and who would compute what somebody
/// computes just now waits for him.
actor PartKeeper {
    private let known: @Sendable (String) async -> JobResult?
    private var keys: [JobClaim: String] = [:]
    private var busy: Set<String> = []
    /// How often somebody who waits looks.
    private static let pause = Duration.milliseconds(20)

    init(known: @escaping @Sendable (String) async -> JobResult?) { self.known = known }

    /// Whether the job is the one to compute what has the key; then others wait until ``release(_:)``.
    ///
    /// - parameter key: `nil` for what isn't shared.
    func mayBegin(_ claim: JobClaim, key: String?) async -> Bool {
        guard let key else { return true }
        guard busy.insert(key).inserted else { return false }
        keys[claim] = key
        guard await known(key) != nil else { return true }
        release(claim)
        return false
    }

    /// - returns: the result, once it is there; `nil` where the job is to compute it.
    /// - throws: `CancellationError` when the task was cancelled.
    func wait(for claim: JobClaim, key: String?) async throws -> JobResult? {
        guard let key else { return nil }
        while true {
            try Task.checkCancellation()
            if let result = await known(key) { return result }
            if await mayBegin(claim, key: key) { return nil }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// The job's result was written, or will never be.
    func release(_ claim: JobClaim) {
        if let key = keys.removeValue(forKey: claim) { busy.remove(key) }
    }
}
