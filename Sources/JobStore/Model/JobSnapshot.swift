public import Foundation

/// A job's state and history, for tests.
public struct JobSnapshot: Sendable, Equatable {
    public var state: JobState
    public var attempt: Int
    public var maxAttempts: Int
    public var error: String?
    public var scheduledAt: Date
    public var result: String?
    /// Of each attempt, in order.
    public var outcomes: [AttemptOutcome]
    /// Of each attempt, in order.
    public var lateTexts: [String?]
    /// Of the result.
    public var quotations: [Quotation]

    public init(
        state: JobState, attempt: Int, maxAttempts: Int, error: String?, scheduledAt: Date, result: String?,
        outcomes: [AttemptOutcome], lateTexts: [String?], quotations: [Quotation] = []
    ) {
        self.state = state
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.error = error
        self.scheduledAt = scheduledAt
        self.result = result
        self.outcomes = outcomes
        self.lateTexts = lateTexts
        self.quotations = quotations
    }
}
