import Passages

/// The words of a question that its answer's passage may share.
enum QuestionWords {
    /// - returns: phrases for ``PassageRanking``: words that mean something, or all where none does; of scripts without
    ///   spaces, characters that follow each other in twos.
    static func phrases(of question: String) -> [String] {
        var words: [String] = []
        var known: Set<String> = []
        for run in runs(of: question) {
            let text = run.text.lowercased()
            let phrases = run.isIdeographic ? pairs(of: text) : [text]
            for phrase in phrases where known.insert(phrase).inserted { words.append(phrase) }
        }
        let telling = words.filter { !common.contains($0) && ($0.count > 1 || $0.contains(where: \.isNumber)) }
        return telling.isEmpty ? words : telling
    }

    /// A text for ``PassageRanking``, whose words are parted by spaces: each character by itself in scripts that don't.
    static func separated(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { !$0.isASCII && CharacterKind($0) == .ideograph }) else {
            return text
        }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isAlone = CharacterKind(scalar) == .ideograph
            if isAlone { result.append(" ") }
            result.append(scalar)
            if isAlone { result.append(" ") }
        }
        return String(result)
    }

    private struct Run {
        var text: String
        var isIdeographic: Bool
    }

    private static func runs(of text: String) -> [Run] {
        var runs: [Run] = []
        var isOpen = false
        for scalar in text.unicodeScalars {
            let kind = CharacterKind(scalar)
            guard kind == .word || kind == .ideograph || kind == .attached && isOpen else {
                isOpen = false
                continue
            }
            let isIdeographic = kind == .ideograph
            if isOpen, let last = runs.last, kind == .attached || last.isIdeographic == isIdeographic {
                runs[runs.count - 1].text.unicodeScalars.append(scalar)
            } else {
                runs.append(Run(text: String(scalar), isIdeographic: isIdeographic))
            }
            isOpen = true
        }
        return runs
    }

    private static func pairs(of text: String) -> [String] {
        let characters = text.map(String.init)
        guard characters.count > 1 else { return characters }
        return zip(characters, characters.dropFirst()).map { "\($0) \($1)" }
    }

    /// Words of questions that stand in every text.
    private static let common: Set<String> = [
        "a", "about", "after", "all", "an", "and", "any", "are", "as", "at", "be", "been", "before", "being", "but",
        "by",
        "can", "could", "did", "do", "does", "doing", "for", "from", "had", "has", "have", "he", "her", "his", "how",
        "i",
        "if", "in", "into", "is", "it", "its", "many", "me", "most", "much", "my", "no", "not", "of", "on", "or", "our",
        "out", "s", "she", "should", "so", "some", "t", "than", "that", "the", "their", "them", "then", "there",
        "these",
        "they", "this", "those", "to", "up", "was", "we", "were", "what", "when", "where", "which", "who", "whom",
        "whose",
        "why", "will", "with", "would", "you", "your",
    ]
}
