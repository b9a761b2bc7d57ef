/// Open jobs that are alike, counted together.
public struct OpenWork: Sendable, Hashable, Codable {
    public var queue: String
    public var kind: String
    /// `pending`, `available` or `running`.
    public var state: String
    public var priority: Int
    /// Held by hand: nobody knows until when.
    public var isHeld: Bool
    /// Not before then, in milliseconds since 1970; `nil` if it is due. Times within a minute, later
    /// ones within an hour, are one.
    public var dueAt: Int64?
    /// Whether these are among the jobs that were asked about.
    public var isWanted: Bool
    public var count: Int
    /// When the first of them was due, as stored: the order in which work is taken.
    public var first: String
    /// Whole jobs' worth of what is done already.
    public var done: Double

    public init(
        queue: String, kind: String, state: String = "available", priority: Int = 5, isHeld: Bool = false,
        dueAt: Int64? = nil, isWanted: Bool = true, count: Int, first: String = "", done: Double = 0
    ) {
        self.queue = queue
        self.kind = kind
        self.state = state
        self.priority = priority
        self.isHeld = isHeld
        self.dueAt = dueAt
        self.isWanted = isWanted
        self.count = count
        self.first = first
        self.done = done
    }

    enum CodingKeys: String, CodingKey {
        case queue, kind, state, priority
        case isHeld = "is_held"
        case dueAt = "due_at"
        case isWanted = "is_wanted"
        case count, first, done
    }
}

/// How a queue lets jobs run.
public struct QueuePace: Sendable, Hashable {
    public var name: String
    public var isPaused: Bool
    public var concurrency: Int?
    public var rates: [RateLimit]
    package var window: RunWindow?

    package init(
        name: String, isPaused: Bool = false, concurrency: Int? = nil, rates: [RateLimit] = [],
        window: RunWindow? = nil
    ) {
        self.name = name
        self.isPaused = isPaused
        self.concurrency = concurrency
        self.rates = rates
        self.window = window
    }
}
