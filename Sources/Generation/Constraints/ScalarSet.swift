/// A set of Unicode scalars.
struct ScalarSet: Hashable, Sendable {
    /// Ascending, neither overlapping nor touching.
    private(set) var ranges: [ClosedRange<UInt32>]

    /// All scalars: code points without the surrogates.
    static let all = ScalarSet([0...0xD7FF, 0xE000...0x10FFFF])

    /// Code points of any order; surrogates are left out.
    init(_ ranges: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.flatMap(Self.withoutSurrogates).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    init(_ scalars: some Sequence<Unicode.Scalar>) { self.init(scalars.map { $0.value...$0.value }) }

    var isEmpty: Bool { ranges.isEmpty }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    func subtracting(_ other: ScalarSet) -> ScalarSet {
        var result: [ClosedRange<UInt32>] = []
        var holes = other.ranges[...]
        for range in ranges {
            var start = range.lowerBound
            while let hole = holes.first, hole.upperBound < start { holes.removeFirst() }
            var index = holes.startIndex
            while index < holes.endIndex, holes[index].lowerBound <= range.upperBound {
                if holes[index].lowerBound > start { result.append(start...holes[index].lowerBound - 1) }
                start = max(start, holes[index].upperBound + 1)
                index += 1
            }
            if start <= range.upperBound { result.append(start...range.upperBound) }
        }
        return ScalarSet(result)
    }

    func intersection(_ other: ScalarSet) -> ScalarSet { subtracting(Self.all.subtracting(other)) }

    private static func withoutSurrogates(_ range: ClosedRange<UInt32>) -> [ClosedRange<UInt32>] {
        let surrogates: ClosedRange<UInt32> = 0xD800...0xDFFF
        guard range.overlaps(surrogates) else { return [range] }
        var parts: [ClosedRange<UInt32>] = []
        if range.lowerBound < 0xD800 { parts.append(range.lowerBound...0xD7FF) }
        if range.upperBound > 0xDFFF { parts.append(0xE000...range.upperBound) }
        return parts
    }
}
