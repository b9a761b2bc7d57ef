/// A binary heap of pairs that merge: the lowest rank comes first, and of equal ranks the leftmost.
struct MergeHeap {
    struct Candidate {
        var merge: MergeTable.Merge
        /// The place of the pair's left token.
        var left: Int

        static func < (first: Candidate, second: Candidate) -> Bool {
            first.merge != second.merge ? first.merge < second.merge : first.left < second.left
        }
    }

    private var candidates: [Candidate] = []

    mutating func push(_ candidate: Candidate) {
        var place = candidates.count
        candidates.append(candidate)
        while place > 0 {
            let parent = (place - 1) / 2
            guard candidate < candidates[parent] else { break }
            candidates[place] = candidates[parent]
            place = parent
        }
        candidates[place] = candidate
    }

    mutating func pop() -> Candidate? {
        guard let last = candidates.popLast() else { return nil }
        guard let first = candidates.first else { return last }
        // The last one sinks from the top to its place.
        var place = 0
        while true {
            var child = 2 * place + 1
            guard child < candidates.count else { break }
            if child + 1 < candidates.count, candidates[child + 1] < candidates[child] { child += 1 }
            guard candidates[child] < last else { break }
            candidates[place] = candidates[child]
            place = child
        }
        candidates[place] = last
        return first
    }
}
