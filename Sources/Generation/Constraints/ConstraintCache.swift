public import JSONText
import Synchronization

/// The constraints used last, so that requests which bring the same one share what was made of it.
public final class ConstraintCache: Sendable {
    private struct Entries {
        var constraints: [String: Constraint] = [:]
        var recency = RecencyList<String>()
    }

    private static let capacity = 64
    /// Longer ones aren't kept.
    private static let longestSource = 1 << 20

    private let entries = Mutex(Entries())

    public init() {}

    /// - throws: ``ConstraintError``
    public func constraint(_ source: JSONValue) throws(ConstraintError) -> Constraint {
        let text = source.text
        let known = entries.withLock { entries -> Constraint? in
            guard let constraint = entries.constraints[text] else { return nil }
            entries.recency.remove(text)
            entries.recency.append(text)
            return constraint
        }
        if let known { return known }
        let constraint = try Constraint(source)
        guard text.utf8.count <= Self.longestSource else { return constraint }
        return entries.withLock { entries in
            // Another may have been faster; one of the two is everybody's.
            if let known = entries.constraints[text] { return known }
            entries.constraints[text] = constraint
            entries.recency.append(text)
            if entries.constraints.count > Self.capacity, let oldest = entries.recency.first {
                entries.recency.remove(oldest)
                entries.constraints[oldest] = nil
            }
            return constraint
        }
    }
}
