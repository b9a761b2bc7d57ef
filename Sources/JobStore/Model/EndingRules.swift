/// What an ending does to its job and attempt. Pure, so that the queue in SQLite and the one in memory can't differ.
package struct EndingEffect: Sendable, Equatable {
    package var state: JobState
    package var outcome: AttemptOutcome
    /// The wait before the next attempt; `nil` leaves `scheduled_at` as it is.
    package var delaySeconds: Double?
    /// The attempt is handed back: `max_attempts` grows by one, so that as many tries are left as before.
    package var handsAttemptBack = false
    package var errorCode: String?
    package var error: String?

    /// - Parameters:
    ///   - failuresBefore: attempts of the job that failed or timed out earlier; the wait grows with them, not with
    ///     attempts that were interrupted or lost.
    ///   - random: 0..<1, spreads the wait.
    package init(
        of ending: JobEnding, attempt: Int, maxAttempts: Int, failuresBefore: Int, retry: RetryPolicy, random: Double
    ) {
        switch ending {
        case .completed:
            (state, outcome) = (.completed, .completed)
        case .cancelled:
            (state, outcome) = (.cancelled, .cancelled)
        case .interrupted:
            (state, outcome, handsAttemptBack) = (.available, .interrupted, true)
        case .divided:
            (state, outcome, handsAttemptBack) = (.available, .interrupted, true)
            errorCode = Self.dividedCode
        case .failed(let failure):
            outcome = failure.timedOut ? .timedOut : .failed
            errorCode = failure.code
            error = oneLine(failure.message)
            if failure.isPermanent || attempt >= maxAttempts {
                state = .discarded
            } else {
                state = .available
                delaySeconds = retry.delaySeconds(afterFailures: failuresBefore + 1, random: random)
            }
        }
    }

    /// The code of an attempt that has divided its job.
    static let dividedCode = "divided"

    /// The end of an attempt whose worker died. A crash counts toward its own limit, so it hands the attempt back too.
    package init(crashNumber crashes: Int, of maximum: Int, worker: String) {
        outcome = .lost
        errorCode = "worker_lost"
        if crashes >= maximum {
            state = .discarded
            error = "worker_lost: the worker died or fell silent \(crashes) times in this job, last \(worker)"
        } else {
            state = .available
            handsAttemptBack = true
            error = "worker_lost: \(worker) died or fell silent; attempt handed back"
        }
    }
}

/// The message on one line of bounded length, as the column `error` promises.
private func oneLine(_ message: String) -> String {
    let words = message.prefix(2000).split(whereSeparator: { $0.isWhitespace || $0.isNewline || $0 == "\0" })
    return words.joined(separator: " ")
}
