public import Foundation
public import JSONText

/// A job to enqueue. What is left `nil` gets the schema's default.
public struct NewJob: Sendable {
    /// The text a job works on.
    public enum Input: Sendable {
        /// Stored in the job's own row: for short texts that no other job shares.
        case inline(String)
        /// Stored once, however many jobs and files have the same text.
        case document(NewDocument)
        /// A document that is stored already.
        case documentID(Int64)
        /// None: only for a job that combines the results of its parts.
        case none
    }

    public var kind: String
    public var input: Input
    public var queue: String
    /// 0 runs first, 9 last.
    public var priority: Int
    /// Not before this time; `nil` is now.
    public var scheduledAt: Date?
    public var question: String?
    public var options: [String: JSONValue]
    public var metadata: [String: JSONValue]
    public var maxAttempts: Int
    public var batchID: Int64?
    /// The caller's name for the job, unique in its batch.
    public var customID: String?
    /// At most one job with this key is open or completed; enqueuing another returns that one.
    public var uniqueKey: String?
    public var templateID: Int64?
    public var parentID: Int64?
    /// The position among the parent's parts.
    public var part: Int?
    /// Jobs that must be completed first. Where one is cancelled or discarded, so is this one: cancelled, with the reason.
    public var dependsOn: [Int64]
    /// Jobs that must have ended first, however they did.
    public var afterEndOf: [Int64] = []
    /// Batches all of whose jobs must have ended first, however they did.
    public var afterBatches: [Int64] = []
    /// When it isn't done by then, it is discarded.
    public var deadlineAt: Date?
    /// The longest an attempt may take, in place of the queue's own limit.
    public var timeoutSeconds: Double?
    /// Waits for a hand to release it.
    public var isHeld = false
    /// The job whose conversation it goes on with, and so waits for.
    public var continues: Int64?

    public init(
        kind: String, input: Input, queue: String = "default", priority: Int = 5, scheduledAt: Date? = nil,
        question: String? = nil, options: [String: JSONValue] = [:], metadata: [String: JSONValue] = [:],
        maxAttempts: Int = 3, batchID: Int64? = nil, customID: String? = nil, uniqueKey: String? = nil,
        templateID: Int64? = nil, parentID: Int64? = nil, part: Int? = nil, dependsOn: [Int64] = []
    ) {
        self.kind = kind
        self.input = input
        self.queue = queue
        self.priority = priority
        self.scheduledAt = scheduledAt
        self.question = question
        self.options = options
        self.metadata = metadata
        self.maxAttempts = maxAttempts
        self.batchID = batchID
        self.customID = customID
        self.uniqueKey = uniqueKey
        self.templateID = templateID
        self.parentID = parentID
        self.part = part
        self.dependsOn = dependsOn
    }
}

/// A document to store, known by the SHA-256 of its text.
public struct NewDocument: Sendable {
    public var text: String
    public var title: String?
    /// A path, a URL, or `-` for standard input.
    public var source: String?
    public var mediaType: String

    public init(text: String, title: String? = nil, source: String? = nil, mediaType: String = "text/plain") {
        self.text = text
        self.title = title
        self.source = source
        self.mediaType = mediaType
    }
}

/// What became of one `NewJob`.
public struct EnqueuedJob: Sendable, Hashable {
    public var id: Int64
    /// False where a job with the same unique key was there already; `id` is that job's.
    public var isNew: Bool

    public init(id: Int64, isNew: Bool) {
        self.id = id
        self.isNew = isNew
    }
}
