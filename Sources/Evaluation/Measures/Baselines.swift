import JobCatalog

/// What needs no model: figures say little without these beside them.
public enum Baseline: String, CaseIterable, Sendable {
    /// The first sentence.
    case lead1 = "first sentence"
    /// The first three sentences.
    case lead3 = "first 3 sentences"
    /// The sentence that shares most content words with the question.
    case bestOverlap = "best-overlap sentence"
    /// The source as it is.
    case copy

    /// What the baseline would write for an item.
    public func prediction(for item: EvaluationItem) -> String {
        switch self {
        case .lead1: return Sentences.of(item.document).first ?? ""
        case .lead3: return Sentences.of(item.document).prefix(3).joined(separator: " ")
        case .copy: return item.document
        case .bestOverlap:
            let asked = Self.contentWords(item.question ?? "")
            // Of equal ones the first.
            var best: (sentence: String, shared: Int) = ("", -1)
            for sentence in Sentences.of(item.document) {
                let shared = Self.contentWords(sentence).intersection(asked).count
                if shared > best.shared { best = (sentence, shared) }
            }
            return best.sentence
        }
    }

    private static func contentWords(_ text: String) -> Set<String> {
        Set(TextMeasures.words(in: text)).subtracting(TextMeasures.stopWords)
    }
}
