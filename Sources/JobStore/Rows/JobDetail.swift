/// Everything there is about one job.
public struct JobDetail: Sendable, Hashable, Codable {
    /// A row of the table `jobs`, without its text. Times are UTC, as stored.
    public struct Job: Sendable, Hashable, Codable {
        public var id: Int64
        public var kind: String
        public var queue: String
        public var state: String
        public var priority: Int
        public var scheduledAt: String
        public var attempt: Int
        public var maxAttempts: Int
        public var attemptedAt: String?
        public var attemptedBy: String?
        public var leaseExpiresAt: String?
        public var finalizedAt: String?
        public var progress: Double?
        public var error: String?
        public var uniqueKey: String?
        public var customID: String?
        public var batchID: Int64?
        public var parentID: Int64?
        public var part: Int?
        public var partLevel: Int
        /// Characters of the parent's text before the part and before its end.
        public var partBegin: Int?
        public var partEnd: Int?
        public var createdAt: String
        public var options: String
        public var metadata: String
        public var question: String?
        public var documentID: Int64?
        public var deadlineAt: String?
        public var timeoutSeconds: Double?
        public var heldAt: String?
        public var templateID: Int64?
        public var continues: Int64?

        enum CodingKeys: String, CodingKey {
            case id, kind, queue, state, priority
            case scheduledAt = "scheduled_at"
            case attempt
            case maxAttempts = "max_attempts"
            case attemptedAt = "attempted_at"
            case attemptedBy = "attempted_by"
            case leaseExpiresAt = "lease_expires_at"
            case finalizedAt = "finalized_at"
            case progress, error
            case uniqueKey = "unique_key"
            case customID = "custom_id"
            case batchID = "batch_id"
            case parentID = "parent_id"
            case part
            case partLevel = "part_level"
            case partBegin = "part_begin"
            case partEnd = "part_end"
            case createdAt = "created_at"
            case options, metadata, question
            case documentID = "document_id"
            case deadlineAt = "deadline_at"
            case timeoutSeconds = "timeout_seconds"
            case heldAt = "held_at"
            case templateID = "template_id"
            case continues
        }
    }

    /// A row of the table `results`.
    public struct Result: Sendable, Hashable, Codable {
        public var attempt: Int
        public var createdAt: String
        public var format: String
        public var truncated: Bool
        public var model: String?
        public var meanLogprob: Double?
        public var grounding: Double?
        public var repetition: Double?
        /// What ended the text before it came to an end of its own, such as `repetition`.
        public var stoppedBy: String?
        public var text: String
        /// The text says that the document doesn't tell.
        public var noAnswer: Bool
        public var answerMargin: Double?
        /// What the model didn't see, or what wasn't kept, in words.
        public var leftOut: String?
        /// Of how many parts of the text it was made; `nil` for a text in one piece.
        public var parts: Int?
        /// The job whose result this is a copy of.
        public var reusedFrom: Int64?

        enum CodingKeys: String, CodingKey {
            case attempt
            case createdAt = "created_at"
            case format, truncated, model
            case meanLogprob = "mean_logprob"
            case grounding, repetition
            case stoppedBy = "stopped_by"
            case text
            case noAnswer = "no_answer"
            case answerMargin = "answer_margin"
            case leftOut = "left_out"
            case parts
            case reusedFrom = "reused_from"
        }
    }

    /// A row of the view `quoted_texts`: what the result quotes, and where its text stands. Characters from 0.
    public struct Quotation: Sendable, Hashable, Codable {
        public var position: Int
        public var documentID: Int64?
        public var begin: Int
        public var end: Int
        /// As it stands there.
        public var text: String

        enum CodingKeys: String, CodingKey {
            case position
            case documentID = "document_id"
            case begin, end, text
        }
    }

    /// A row of the view `evidence_texts`: a passage that the answer was looked for in. Characters from 0.
    public struct Evidence: Sendable, Hashable, Codable {
        public var position: Int
        public var documentID: Int64?
        public var begin: Int
        public var end: Int
        /// How well it matches the question, the higher the better.
        public var score: Double?
        public var text: String

        enum CodingKeys: String, CodingKey {
            case position
            case documentID = "document_id"
            case begin, end, score, text
        }
    }

    /// How the parts of one level stand.
    public struct PartCount: Sendable, Hashable, Codable {
        public var level: Int
        public var total: Int
        public var completed: Int
        public var running: Int
        /// Given up or cancelled.
        public var failed: Int
        /// Whose result another job had brought already.
        public var reused: Int

        static let query = """
            SELECT c.part_level AS level, count(*) AS total, sum(c.state = 'completed') AS completed,
              sum(c.state = 'running') AS running, sum(c.state IN ('cancelled','discarded')) AS failed,
              sum(r.reused_from IS NOT NULL) AS reused
            FROM jobs c LEFT JOIN results r ON r.job_id = c.id WHERE c.parent_id = ? GROUP BY c.part_level ORDER BY c.part_level
            """
        /// The last step is the whole's own.
        static let progress = """
            SELECT 1.0 * sum(state = 'completed') / (count(*) + 1) FROM jobs INDEXED BY jobs_part_states WHERE parent_id = ?
            HAVING count(*) > 0
            """
    }

    public var job: Job
    public var documentTitle: String?
    public var documentSource: String?
    public var result: Result?
    /// In the order of the result's text.
    public var quotations: [Quotation]
    /// In the order of the document.
    public var evidence: [Evidence]
    /// By level; empty for a job that wasn't divided.
    public var parts: [PartCount]
    /// What must end before it may begin: `job 7`, `batch essays`.
    public var waitsFor: [String]
    /// In their order.
    public var attempts: [AttemptRow]
    /// In their order.
    public var events: [EventRow]

    enum CodingKeys: String, CodingKey {
        case job
        case documentTitle = "document_title"
        case documentSource = "document_source"
        case result, quotations, evidence, parts
        case waitsFor = "waits_for"
        case attempts, events
    }
}
