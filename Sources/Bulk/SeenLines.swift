/// Which lines have come so far, by a name or by what they ask for: sixteen bytes and a little for each.
///
/// Names are known by a hash of 64 bits that nobody outside can foresee: that any two of a million different names share
/// theirs has a chance of one in thirty million.
public struct SeenLines: Sendable {
    public struct Sighting: Equatable, Sendable {
        /// The line it was first on.
        public var line: Int
        /// How often it has come, this time included.
        public var count: Int
    }

    private var sightings: [UInt64: (line: UInt32, count: UInt32)] = [:]

    public init() {}

    /// Notes that `name` stands on `line`.
    public mutating func note(_ name: some Hashable, line: Int) -> Sighting {
        let key = UInt64(bitPattern: Int64(name.hashValue))
        let earlier = sightings[key]
        let now = (line: earlier?.line ?? UInt32(clamping: line), count: (earlier?.count ?? 0) + 1)
        sightings[key] = now
        return Sighting(line: Int(now.line), count: Int(now.count))
    }
}
