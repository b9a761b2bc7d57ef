/// Allows the texts of a list.
///
/// A state is a range of the sorted list, whose texts all begin with what was written so far.
package struct ChoiceAutomaton: ByteAutomaton {
    package struct State: Hashable, Sendable {
        /// The texts that may still become the output.
        var range: Range<Int>
        /// Bytes that were written.
        var length: Int
    }

    /// In the order of their bytes, each once.
    private let choices: [[UInt8]]

    /// - precondition: there is a choice, and none is empty.
    package init(_ choices: [String]) {
        precondition(!choices.isEmpty && !choices.contains(""))
        self.choices = Set(choices.map { Array($0.utf8) }).sorted { $0.lexicographicallyPrecedes($1) }
    }

    package var start: State { State(range: choices.indices, length: 0) }

    package func isAccepting(_ state: State) -> Bool {
        // The shortest of texts that begin alike is the first.
        choices[state.range.lowerBound].count == state.length
    }

    package func successors(of state: State) -> ByteSet {
        var bytes = ByteSet()
        var index = state.range.lowerBound
        if isAccepting(state) { index += 1 }
        while index < state.range.upperBound {
            let byte = choices[index][state.length]
            bytes.insert(byte)
            index = firstIndex(above: byte, in: index..<state.range.upperBound, at: state.length)
        }
        return bytes
    }

    package func next(_ state: State, _ byte: UInt8) -> State? {
        let above = firstIndex(above: byte, in: state.range, at: state.length)
        let from =
            byte == 0
            ? state.range.lowerBound + (isAccepting(state) ? 1 : 0)
            : firstIndex(above: byte - 1, in: state.range, at: state.length)
        return from < above ? State(range: from..<above, length: state.length + 1) : nil
    }

    /// The first choice of a range that has a greater byte at a position; a choice that ends before has none, and comes
    /// first. O(log n).
    private func firstIndex(above byte: UInt8, in range: Range<Int>, at position: Int) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            let choice = choices[middle]
            if choice.count > position, choice[position] > byte { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
