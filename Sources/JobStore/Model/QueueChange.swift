/// What to change in the settings of a queue; a part that is `nil` stays as it is.
public struct QueueChange: Sendable {
    /// A new value, or none.
    public enum Setting<Value: Sendable>: Sendable {
        case set(Value)
        case clear

        var value: Value? { if case .set(let value) = self { value } else { nil } }
    }

    /// Hours in which jobs may run, `HH:MM`; an end before the start is on the next day.
    public struct Window: Sendable, Hashable {
        public var start: String
        public var end: String

        public init(start: String, end: String) {
            self.start = start
            self.end = end
        }
    }

    /// The most jobs that run at once, across all workers.
    public var concurrency: Setting<Int>?
    /// The most jobs that start in a time, across all workers.
    public var rate: Setting<RateLimit>?
    public var window: Setting<Window>?
    /// The weekdays the window opens on, 0 for Sunday.
    public var days: Set<Int>?
    /// Running jobs are handed back when the window closes, instead of being finished.
    public var interruptsAtEnd: Bool?
    /// The longest an attempt may take.
    public var timeoutSeconds: Setting<Double>?

    public init() {}

    public var isEmpty: Bool {
        concurrency == nil && rate == nil && window == nil && days == nil && interruptsAtEnd == nil
            && timeoutSeconds == nil
    }
}

/// A line of the view `queue_limits`.
public struct QueueLimitsRow: Sendable, Hashable, Codable {
    public var queue: String
    public var concurrency: Int?
    /// `10/m`.
    public var rate: String?
    /// `22:00-06:00`.
    public var window: String?
    /// The weekdays the window opens on, as digits; 0 is Sunday.
    public var days: String
    /// `finish` or `interrupt`.
    public var atEnd: String
    /// Seconds.
    public var timeout: Double?
    public var paused: Bool

    enum CodingKeys: String, CodingKey {
        case queue, concurrency, rate, window, days
        case atEnd = "at_end"
        case timeout, paused
    }
}
