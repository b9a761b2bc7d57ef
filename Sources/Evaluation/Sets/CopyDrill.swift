/// Words that stand twice in a row, to see whether a model takes the second time from the first: what summaries,
/// paraphrases and answers live on.
public struct CopyDrill: Sendable, Equatable {
    public enum Form: String, CaseIterable, Sendable {
        /// Words of a text in an order of chance: nothing but the first time foretells the second.
        case shuffledWords = "shuffled_words"
        /// The same, the first time as the document of a task, the second time as what is written of it.
        case task = "shuffled_words_in_task"
        /// A sentence as it stands in the text.
        case sentence

        public var title: String {
            switch self {
            case .shuffledWords: "shuffled words"
            case .task: "the same in a task"
            case .sentence: "sentences"
            }
        }
    }

    /// What is said twice.
    public let text: String

    /// Fewer words than this show little.
    private static let fewestWords = 8
    /// Words of a list.
    private static let listLength = 24
    /// Words of a sentence.
    private static let mostWords = 40

    /// - parameter random: draws and shuffles words
    /// - returns: `nil` for a document that has too few words, or no sentence of the right length.
    public init?(_ form: Form, of document: String, using random: inout SplitMix) {
        switch form {
        case .sentence:
            let lengths = Self.fewestWords...Self.mostWords
            let fitting = Sentences.of(document).first { sentence in
                lengths.contains(sentence.split(whereSeparator: \.isWhitespace).count)
            }
            guard let fitting else { return nil }
            text = fitting.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        case .shuffledWords, .task:
            // Each word once, so that the one before always tells which comes next.
            var seen: Set<Substring> = []
            var words: [Substring] = []
            for piece in document.split(whereSeparator: \.isWhitespace) {
                let word = piece.trimming(while: { !$0.isLetter })
                guard !word.isEmpty, word.allSatisfy(\.isLetter), seen.insert(word).inserted else { continue }
                words.append(word)
                if words.count == Self.listLength { break }
            }
            guard words.count >= Self.fewestWords else { return nil }
            words.shuffle(using: &random)
            text = words.joined(separator: " ")
        }
    }
}

extension Substring {
    fileprivate func trimming(while isOutside: (Character) -> Bool) -> Substring {
        guard let first = firstIndex(where: { !isOutside($0) }), let last = lastIndex(where: { !isOutside($0) }) else {
            return ""
        }
        return self[first...last]
    }
}
