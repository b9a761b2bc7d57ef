import UnixSignals

/// Work that writes a file and that SIGINT, SIGTERM and SIGHUP stop: it is cancelled then, and must look whether it is.
///
/// - parameter output: what isn't written then
/// - returns: what `work` returns, and the time that it took.
/// - throws: ``CommandError`` (75) for a signal; what `work` throws.
func writingUnlessStopped<Written: Sendable>(
    _ output: String, _ work: @escaping @Sendable () throws -> Written
) async throws -> (written: Written, elapsed: Duration)? {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    let start = ContinuousClock.now
    let written = try await withThrowingTaskGroup(of: Written?.self) { group in
        group.addTask { try work() }
        group.addTask {
            for await signal in signals {
                throw CommandError(.temporary, "stopped by \(signal); \(output) wasn't written")
            }
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
    return written.map { ($0, ContinuousClock.now - start) }
}
