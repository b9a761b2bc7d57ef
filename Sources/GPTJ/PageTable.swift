import Generation

/// Which pages of keys and values belong to which sequence, with pages shared between sequences that were forked.
///
/// A page that several sequences hold is never written: a sequence that must write to one gets a copy first.
struct PageTable {
    struct Sequence {
        /// Pages in order of position; the last may be partly filled.
        var pages: [Int] = []
        /// Tokens held.
        var length = 0
    }

    let pageLength: Int
    let capacity: Int
    private(set) var sequences: [SequenceID: Sequence] = [:]
    private var holders: [Int]
    private var free: [Int]
    private var nextID = 0

    init(pageLength: Int, capacity: Int) {
        self.pageLength = pageLength
        self.capacity = capacity
        holders = Array(repeating: 0, count: capacity)
        free = Array((0..<capacity).reversed())
    }

    var freeCount: Int { free.count }
    var usedCount: Int { capacity - free.count }

    subscript(id: SequenceID) -> Sequence {
        guard let sequence = sequences[id] else { preconditionFailure("sequence \(id.rawValue) isn't open") }
        return sequence
    }

    mutating func open() -> SequenceID {
        insert(Sequence())
    }

    mutating func fork(_ id: SequenceID) -> SequenceID {
        let sequence = self[id]
        for page in sequence.pages { holders[page] += 1 }
        return insert(sequence)
    }

    /// - parameter length: a whole number of pages, of tokens that the sequence holds
    mutating func fork(_ id: SequenceID, prefix length: Int) -> SequenceID {
        let whole = self[id]
        precondition(
            length >= 0 && length <= whole.length && length % pageLength == 0,
            "a prefix is whole pages of what the sequence holds")
        let prefix = Sequence(pages: Array(whole.pages.prefix(length / pageLength)), length: length)
        for page in prefix.pages { holders[page] += 1 }
        return insert(prefix)
    }

    /// - parameter length: at most as many tokens as the sequence holds
    mutating func truncate(_ id: SequenceID, to length: Int) {
        var sequence = self[id]
        precondition(length >= 0 && length <= sequence.length, "the sequence doesn't hold so many tokens")
        // What is left in the last page is overwritten when the sequence grows again.
        sequence.length = length
        let kept = (length + pageLength - 1) / pageLength
        for page in sequence.pages[kept...] { release(page) }
        sequence.pages.removeLast(sequence.pages.count - kept)
        sequences[id] = sequence
    }

    mutating func close(_ id: SequenceID) {
        guard let sequence = sequences.removeValue(forKey: id) else {
            preconditionFailure("sequence \(id.rawValue) isn't open")
        }
        for page in sequence.pages { release(page) }
    }

    /// Pages that must be taken for `count` more tokens of `id`, the copy of a shared last page included.
    func pagesNeeded(toExtend id: SequenceID, by count: Int) -> Int {
        let sequence = self[id]
        let whole = (sequence.length + count + pageLength - 1) / pageLength
        return whole - sequence.pages.count + (mustCopyLastPage(of: sequence) && count > 0 ? 1 : 0)
    }

    /// Makes room for `count` more tokens and counts them as held.
    ///
    /// - returns: a page to be copied into another before anything is written.
    /// - precondition: `freeCount` is at least `pagesNeeded`.
    mutating func extend(_ id: SequenceID, by count: Int) -> (source: Int, target: Int)? {
        var sequence = self[id]
        var copy: (source: Int, target: Int)?
        if count > 0, mustCopyLastPage(of: sequence) {
            let source = sequence.pages.removeLast()
            let target = take()
            release(source)
            sequence.pages.append(target)
            copy = (source, target)
        }
        sequence.length += count
        while sequence.pages.count * pageLength < sequence.length { sequence.pages.append(take()) }
        sequences[id] = sequence
        return copy
    }

    private func mustCopyLastPage(of sequence: Sequence) -> Bool {
        guard let last = sequence.pages.last, sequence.length % pageLength != 0 else { return false }
        return holders[last] > 1
    }

    private mutating func insert(_ sequence: Sequence) -> SequenceID {
        let id = SequenceID(rawValue: nextID)
        nextID += 1
        sequences[id] = sequence
        return id
    }

    private mutating func take() -> Int {
        guard let page = free.popLast() else { preconditionFailure("the caller checked for free pages") }
        holders[page] = 1
        return page
    }

    private mutating func release(_ page: Int) {
        holders[page] -= 1
        if holders[page] == 0 { free.append(page) }
    }
}
