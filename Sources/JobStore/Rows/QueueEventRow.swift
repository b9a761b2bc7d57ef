/// A change of a job's state, with what is known about the attempt that it ended.
public struct QueueEventRow: Sendable, Hashable, Codable {
    public var id: Int64
    /// UTC, as stored.
    public var at: String
    public var job: Int64
    /// `nil` for a job that was deleted since.
    public var kind: String?
    /// `nil` where the job was added.
    public var from: String?
    public var to: String
    public var attempt: Int?
    /// The worker.
    public var by: String?
    /// How the attempt ended: `completed`, `failed`, `lost` and so on; `nil` where none did.
    public var outcome: String?
    public var errorCode: String?
    public var error: String?

    enum CodingKeys: String, CodingKey {
        case id, at, job, kind, from, to, attempt, by, outcome
        case errorCode = "error_code"
        case error
    }
}
