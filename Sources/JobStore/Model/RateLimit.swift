/// At most so many starts in any stretch of so many seconds.
public struct RateLimit: Sendable, Hashable {
    /// 1 or more.
    public var count: Int
    /// 1 to 604,800, a week.
    public var seconds: Int

    public init(count: Int, seconds: Int) {
        self.count = count
        self.seconds = seconds
    }
}
