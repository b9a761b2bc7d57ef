/// The runs of so many neighbouring words in a text, each with how often it stands there.
struct NGrams<Word: Hashable> {
    private(set) var counts: [[Word]: Int] = [:]
    /// Of all runs, equal ones counted each.
    let total: Int

    init(_ words: [Word], _ length: Int) {
        total = max(words.count - length + 1, 0)
        for start in 0..<total { counts[Array(words[start..<start + length]), default: 0] += 1 }
    }
}
