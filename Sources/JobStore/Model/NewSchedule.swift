public import JSONText

/// A job that is added whenever its time comes.
public struct NewSchedule: Sendable {
    public var name: String
    public var cron: CronExpression
    /// `local`, or a time zone such as `Europe/Berlin`.
    public var timezone: String
    /// Columns of the job: `kind`, `queue`, `priority`, `question`, `input`, `document_id`, `options`, ...
    public var job: JSONObject
    /// Occurrences that nobody was there for become a job each, the latest hundred at most; else the latest one alone.
    public var catchesUp: Bool

    public init(
        name: String, cron: CronExpression, timezone: String = "local", job: JSONObject, catchesUp: Bool = false
    ) {
        self.name = name
        self.cron = cron
        self.timezone = timezone
        self.job = job
        self.catchesUp = catchesUp
    }
}

/// A line of the table `schedules`.
public struct ScheduleRow: Sendable, Hashable, Codable {
    public var name: String
    public var cron: String
    public var timezone: String
    public var kind: String?
    public var queue: String?
    public var enabled: Bool
    public var catchUp: Bool
    /// UTC, as stored: the last occurrence that became a job, and the next.
    public var lastRunAt: String?
    public var nextRunAt: String?
    /// Why the last occurrence became none.
    public var error: String?
    public var job: String

    enum CodingKeys: String, CodingKey {
        case name, cron, timezone, kind, queue, enabled
        case catchUp = "catch_up"
        case lastRunAt = "last_run_at"
        case nextRunAt = "next_run_at"
        case error, job
    }
}
