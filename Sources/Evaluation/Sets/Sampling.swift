/// So many of a list, drawn by a seed, in their order.
public enum Sampling {
    /// - parameter limit: how many; `nil` for all
    public static func draw<Element>(_ limit: Int?, of elements: [Element], seed: UInt64) -> [Element] {
        guard let limit, limit < elements.count else { return elements }
        var random = SplitMix(seed: seed)
        // Floyd's way of drawing without a list of all (Bentley and Floyd 1987).
        var drawn: Set<Int> = []
        for last in elements.count - limit..<elements.count {
            let index = random.next(below: last + 1)
            drawn.insert(drawn.contains(index) ? last : index)
        }
        return drawn.sorted().map { elements[$0] }
    }
}
