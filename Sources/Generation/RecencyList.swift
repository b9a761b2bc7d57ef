/// Distinct elements in the order in which they were appended; taking one out of the middle is O(1).
struct RecencyList<Element: Hashable> {
    private struct Links {
        var previous: Element?
        var next: Element?
    }

    private var links: [Element: Links] = [:]
    /// The one that was appended longest ago.
    private(set) var first: Element?
    private var last: Element?

    var count: Int { links.count }
    func contains(_ element: Element) -> Bool { links[element] != nil }

    /// - precondition: the element isn't in the list.
    mutating func append(_ element: Element) {
        precondition(!contains(element), "the element is in the list already")
        links[element] = Links(previous: last, next: nil)
        if let last { links[last]?.next = element } else { first = element }
        last = element
    }

    /// - returns: whether the element was in the list.
    @discardableResult
    mutating func remove(_ element: Element) -> Bool {
        guard let own = links.removeValue(forKey: element) else { return false }
        if let previous = own.previous { links[previous]?.next = own.next } else { first = own.next }
        if let next = own.next { links[next]?.previous = own.previous } else { last = own.previous }
        return true
    }
}
