import Foundation

/// Routine accesses to the queue that fail just now, so that none is tried, and complained of, at every look.
struct Setbacks {
    enum Access: String {
        case heartbeat, reclaim, look, claim, outlook, announcement, recall, upkeep
    }

    /// The wait before an access that failed is tried again.
    private static let pause = 1.0
    /// The same trouble is logged this often.
    private static let logInterval = 30.0

    private var nextTry: [Access: Date] = [:]
    private var nextLog: [Access: Date] = [:]

    func mayTry(_ access: Access, at time: Date) -> Bool {
        nextTry[access].map { time >= $0 } ?? true
    }

    mutating func clear(_ access: Access) {
        nextTry[access] = nil
        nextLog[access] = nil
    }

    /// Notes that the access has failed; returns whether to log it.
    mutating func note(_ access: Access, at time: Date) -> Bool {
        nextTry[access] = time.addingTimeInterval(Self.pause)
        if let next = nextLog[access], time < next { return false }
        nextLog[access] = time.addingTimeInterval(Self.logInterval)
        return true
    }
}
