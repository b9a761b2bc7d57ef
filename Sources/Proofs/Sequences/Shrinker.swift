/// Makes a failing sequence shorter and simpler as long as it fails (delta debugging: Zeller and Hildebrandt 2002).
struct Shrinker {
    let fails: ([QueueOperation]) async throws -> Bool

    func shrink(_ sequence: [QueueOperation]) async throws -> [QueueOperation] {
        var shortest = sequence
        while true {
            let before = shortest.count
            shortest = try await simplify(try await shorten(shortest))
            if shortest.count == before { return shortest }
        }
    }

    /// Leaves out stretches: halves first, single operations last.
    private func shorten(_ sequence: [QueueOperation]) async throws -> [QueueOperation] {
        var shortest = sequence
        var stretch = max(shortest.count / 2, 1)
        while true {
            var start = 0
            while start < shortest.count {
                let candidate = Array(shortest[..<start] + shortest[min(start + stretch, shortest.count)...])
                if try await fails(candidate) { shortest = candidate } else { start += stretch }
            }
            if stretch == 1 { return shortest }
            stretch /= 2
        }
    }

    /// Gives single operations less to do.
    private func simplify(_ sequence: [QueueOperation]) async throws -> [QueueOperation] {
        var simplest = sequence
        var index = 0
        while index < simplest.count {
            var isSimpler = false
            for operation in simplest[index].simpler {
                var candidate = simplest
                candidate[index] = operation
                if try await fails(candidate) {
                    simplest = candidate
                    isSimpler = true
                    break
                }
            }
            if !isSimpler { index += 1 }
        }
        return simplest
    }
}
