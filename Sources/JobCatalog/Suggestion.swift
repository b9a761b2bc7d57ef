/// "Did you mean ...?": the known name that a mistyped one is nearest to.
package enum Suggestion {
    /// The nearest of `known` by edit distance, if it is near enough to be meant; ties go to the first.
    package static func nearest(to name: String, in known: [String]) -> String? {
        // A name from outside may be a megabyte; nobody mistypes that much.
        guard name.utf8.count <= 64 else { return nil }
        let allowed = max(1, name.count / 3)
        return
            known
            .map { (name: $0, distance: distance(name.lowercased(), $0.lowercased())) }
            .filter { $0.distance <= allowed }
            .min { $0.distance < $1.distance }?.name
    }

    /// `; did you mean 'x'?`, or nothing.
    package static func clause(for name: String, in known: [String]) -> String {
        nearest(to: name, in: known).map { "; did you mean '\($0)'?" } ?? ""
    }

    /// Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other.
    private static func distance(_ first: String, _ second: String) -> Int {
        let a = Array(first.unicodeScalars)
        let b = Array(second.unicodeScalars)
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
