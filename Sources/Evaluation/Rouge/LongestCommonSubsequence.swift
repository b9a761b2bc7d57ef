/// The longest common subsequence of two lists of words, bit-parallel (Hyyrö 2004, "Bit-parallel LCS-length computation
/// revisited"): a row of the usual table is a row of bits, 64 columns to a machine word.
///
/// Rows are those of `reference`, columns those of `candidate`. In the table, `t[i][j]` is the length for the first `i`
/// words of one and the first `j` of the other; bit `j - 1` of row `i` here is 0 where `t[i][j]` is above `t[i][j - 1]`.
struct LongestCommonSubsequence {
    /// Where a word stands among the columns: the numbers of the machine words that hold it, each with its bits.
    private typealias Places = [(index: Int, bits: UInt64)]

    /// For each row its word's places.
    private let rows: [Places]
    private let columnCount: Int

    /// - parameters:
    ///   - reference: words as numbers
    ///   - candidate: the same numbers for the same words
    init(_ reference: [Int], _ candidate: [Int]) {
        var places: [Int: Places] = [:]
        for (column, word) in candidate.enumerated() {
            let (index, bit) = (column / 64, UInt64(1) << UInt64(column % 64))
            var list = places.removeValue(forKey: word) ?? []
            if list.last?.index == index { list[list.count - 1].bits |= bit } else { list.append((index, bit)) }
            places[word] = list
        }
        rows = reference.map { places[$0] ?? [] }
        columnCount = candidate.count
    }

    /// O(rows · (columns / 64 + places)).
    var length: Int {
        var bits = firstRow
        for row in rows { Self.advance(&bits, by: row) }
        return bits.reduce(0) { $0 + (~$1).nonzeroBitCount }
    }

    /// The rows of one longest common subsequence, rising: that which `rouge-score` takes. Where it has the choice it goes
    /// up in the table, and left only for a longer subsequence.
    ///
    /// Instead of all rows, every √rows-th is kept and those between are made anew on the way back: O(columns · √rows)
    /// bits of memory, for twice the time of ``length``.
    var referenceIndices: [Int] {
        guard columnCount > 0, !rows.isEmpty else { return [] }
        let blockLength = max(1, Int(Double(rows.count).squareRoot()))
        var checkpoints: [[UInt64]] = []
        var bits = firstRow
        for (index, row) in rows.enumerated() {
            if index % blockLength == 0 { checkpoints.append(bits) }
            Self.advance(&bits, by: row)
        }
        var indices: [Int] = []
        var column = columnCount
        for block in checkpoints.indices.reversed() where column > 0 {
            let start = block * blockLength
            let end = min(start + blockLength, rows.count)
            var table = [checkpoints[block]]
            for row in rows[start..<end] {
                var bits = table[table.count - 1]
                Self.advance(&bits, by: row)
                table.append(bits)
            }
            walkBack(table, from: end, to: start, column: &column, into: &indices)
        }
        return indices.reversed()
    }

    /// - parameter table: the rows `end...start` of bits, the first being row `start`
    private func walkBack(
        _ table: [[UInt64]], from end: Int, to start: Int, column: inout Int, into indices: inout [Int]
    ) {
        var row = end
        while row > start, column > 0 {
            let (this, above) = (table[row - start], table[row - start - 1])
            var here = Self.rise(this, to: column)
            var up = Self.rise(above, to: column)
            // Leftwards along this row, as long as that is what the table says.
            while column > 0, !matches(row: row - 1, column: column - 1) {
                let left = here - Self.step(this, column - 1)
                guard left > up else { break }
                column -= 1
                here = left
                up -= Self.step(above, column)
            }
            if column > 0, matches(row: row - 1, column: column - 1) {
                indices.append(row - 1)
                column -= 1
            }
            row -= 1
        }
    }

    private func matches(row: Int, column: Int) -> Bool {
        let (index, bit) = (column / 64, UInt64(1) << UInt64(column % 64))
        let places = rows[row]
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low < places.count && places[low].index == index && places[low].bits & bit != 0
    }

    /// `t[i][column]` of the row with these bits.
    private static func rise(_ bits: [UInt64], to column: Int) -> Int {
        let whole = column / 64
        var sum = 0
        for index in 0..<whole { sum += (~bits[index]).nonzeroBitCount }
        let rest = column % 64
        return rest == 0 ? sum : sum + (~bits[whole] & (UInt64(1) << UInt64(rest) - 1)).nonzeroBitCount
    }

    /// `t[i][column + 1] - t[i][column]`, 0 or 1.
    private static func step(_ bits: [UInt64], _ column: Int) -> Int {
        (bits[column / 64] >> UInt64(column % 64)) & 1 == 0 ? 1 : 0
    }

    private var firstRow: [UInt64] { Array(repeating: .max, count: (columnCount + 63) / 64) }

    /// Hyyrö's step `V = (V + (V & M)) | (V & ~M)`. Only the machine words that hold the row's word change, and those that
    /// a carry reaches.
    private static func advance(_ bits: inout [UInt64], by places: Places) {
        var carryTarget: Int?
        for (index, mask) in places {
            if let target = carryTarget, target < index { carry(into: &bits, from: target, to: index, &carryTarget) }
            let carriesIn: UInt64 = carryTarget == index ? 1 : 0
            let old = bits[index]
            let matched = old & mask
            let (first, overflow) = old.addingReportingOverflow(matched)
            let (sum, secondOverflow) = first.addingReportingOverflow(carriesIn)
            bits[index] = sum | (old & ~mask)
            carryTarget = overflow || secondOverflow ? index + 1 : nil
        }
        if let target = carryTarget { carry(into: &bits, from: target, to: bits.count, &carryTarget) }
    }

    /// A carry passes through machine words that are all ones, and ends in the first that isn't.
    private static func carry(into bits: inout [UInt64], from start: Int, to end: Int, _ target: inout Int?) {
        var index = start
        while index < end, bits[index] == .max { index += 1 }
        guard index < end else {
            target = end
            return
        }
        bits[index] |= bits[index] + 1
        target = nil
    }
}
