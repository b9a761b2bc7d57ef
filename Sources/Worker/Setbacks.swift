import Foundation
import JobStore
import Logging

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

/// Tries until the queue takes it: the text cost minutes, a lock passes. Other errors than passing ones are thrown.
func untilItPasses<Value: Sendable>(_ logger: Logger, _ body: @Sendable () async throws -> Value) async throws -> Value
{
    var delay = 0.1
    while true {
        do {
            return try await body()
        } catch let error as JobStoreError where error.isTransient {
            logger.warning("the queue can't be written, trying again", metadata: ["error": "\(error)"])
            // A sleep that the end of the task can't cut short.
            await Task { [delay] in _ = try? await Task.sleep(for: .seconds(delay)) }.value
            delay = min(delay * 2, 5)
        }
    }
}
