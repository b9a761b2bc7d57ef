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
    let written = try await withThrowingTaskGroup(of: Step<Written>?.self) { group -> Written? in
        group.addTask { .written(try work()) }
        group.addTask {
            for await signal in signals { return .stop(signal) }
            return nil
        }
        defer { group.cancelAll() }
        switch try await group.next() ?? nil {
        case .written(let written): return written
        case nil: return nil
        case .stop(let signal):
            group.cancelAll()
            // It may have come too late to stop anything: what is written then is told of.
            if case .written(let written)?? = try? await group.next() { return written }
            throw CommandError(.temporary, "stopped by \(signal); \(output) wasn't written")
        }
    }
    return written.map { ($0, ContinuousClock.now - start) }
}

private enum Step<Written: Sendable>: Sendable {
    case written(Written)
    case stop(UnixSignal)
}
