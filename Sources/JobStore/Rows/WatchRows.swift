/// A job that a worker has in hand.
public struct RunningRow: Sendable, Hashable, Codable {
    public var id: Int64
    public var kind: String
    public var document: String?
    public var progress: Double?
    /// UTC, as stored.
    public var attemptedAt: String?
    /// The part it is of a job that was split.
    public var part: Int?

    public init(
        id: Int64, kind: String, document: String? = nil, progress: Double? = nil, attemptedAt: String? = nil,
        part: Int? = nil
    ) {
        self.id = id
        self.kind = kind
        self.document = document
        self.progress = progress
        self.attemptedAt = attemptedAt
        self.part = part
    }

    enum CodingKeys: String, CodingKey {
        case id, kind, document, progress
        case attemptedAt = "attempted_at"
        case part
    }
}

/// A job that has ended.
public struct EndedRow: Sendable, Hashable, Codable {
    public var id: Int64
    public var kind: String
    public var state: String
    public var document: String?
    /// The beginning of what came out.
    public var text: String?
    public var error: String?
    public var milliseconds: Int?

    public init(
        id: Int64, kind: String, state: String, document: String? = nil, text: String? = nil, error: String? = nil,
        milliseconds: Int? = nil
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.document = document
        self.text = text
        self.error = error
        self.milliseconds = milliseconds
    }

    enum CodingKeys: String, CodingKey {
        case id, kind, state, document, text, error
        case milliseconds = "total_ms"
    }
}
