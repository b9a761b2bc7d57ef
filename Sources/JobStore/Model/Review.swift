/// What a person says of a result.
public enum Verdict: String, Sendable, Hashable, Codable, CaseIterable {
    case accepted, rejected
    /// It ought to have been another text, which is there.
    case corrected
}

/// A verdict to be written down; it takes the place of an earlier one.
public struct NewReview: Sendable, Hashable {
    public var jobID: Int64
    public var verdict: Verdict
    /// What the text ought to have been; with ``Verdict/corrected`` alone.
    public var correction: String?
    public var note: String?
    /// Who says so.
    public var by: String?

    public init(jobID: Int64, verdict: Verdict, correction: String? = nil, note: String? = nil, by: String? = nil) {
        self.jobID = jobID
        self.verdict = verdict
        self.correction = correction
        self.note = note
        self.by = by
    }
}

/// What became of a verdict.
public enum ReviewOutcome: Sendable, Hashable {
    case stored
    /// There is no such job.
    case noJob
    case noResult(JobState)
    /// The queue's rules don't take it, for this reason.
    case refused(String)
}

/// A line of the view `review_texts`. Times are local, as text.
public struct ReviewRow: Sendable, Hashable, Codable {
    public var id: Int64
    public var kind: String
    public var document: String?
    public var question: String?
    public var verdict: String
    /// What was judged.
    public var text: String?
    public var correction: String?
    public var note: String?
    public var by: String?
    public var at: String
    public var batch: String?
    public var model: String?
}

/// A result that was accepted or corrected, with all that it takes to ask for it again.
public struct ReviewedJob: Sendable, Hashable, Codable {
    public var id: Int64
    public var kind: String
    public var verdict: String
    /// The correction, or the text that was accepted.
    public var completion: String
    public var question: String?
    public var optionsJSON: String
    public var title: String?
    public var document: String
    /// The kind as it was when the text was made, and its style of prompt; `nil` for results of before they were noted.
    public var definition: String?
    public var style: String?

    enum CodingKeys: String, CodingKey {
        case id, kind, verdict, completion, question
        case optionsJSON = "options"
        case title, document, definition, style
    }
}

/// How many results have which verdict.
public struct ReviewTally: Sendable, Hashable, Codable {
    public var accepted: Int
    public var corrected: Int
    public var rejected: Int
    /// Results that nobody has judged.
    public var unreviewed: Int
    /// Of the accepted and corrected, those whose document isn't kept: their prompt can't be made again.
    public var withoutInput: Int
}
