/// Stretches of time that may overlap, and how much time they cover together.
struct Intervals: Sendable {
    private var list: [(start: Int64, end: Int64)] = []
    private var isSorted = true

    mutating func add(from start: Int64, to end: Int64) {
        guard end > start else { return }
        // Most come in order, and many overlap the last one.
        if let last = list.last, isSorted, start >= last.start, start <= last.end {
            list[list.count - 1].end = max(last.end, end)
            return
        }
        if let last = list.last, start < last.start { isSorted = false }
        list.append((start, end))
    }

    /// Milliseconds, those that several cover counted once.
    var covered: Int64 {
        var sum: Int64 = 0
        var reach = Int64.min
        for (start, end) in isSorted ? list : list.sorted(by: { $0.start < $1.start }) where end > reach {
            sum += end - max(start, reach)
            reach = end
        }
        return sum
    }
}
