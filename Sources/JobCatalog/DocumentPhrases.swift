/// The words and runs of words of a document that could be its keywords, the most telling first.
///
/// A phrase is one to three words as they stand in the document, a single space between them, with a content word at either
/// end. It counts for more the more often it occurs, the longer it is, and the earlier it comes.
enum DocumentPhrases {
    /// Enough for any document to find itself in; each costs the engine some memory while the job runs.
    static let maximumCount = 400
    private static let maximumWords = 3
    /// What comes later changes little, and a book would take long.
    private static let maximumBytes = 2 << 20

    private struct Candidate {
        /// The spelling that came first.
        let text: String
        let wordCount: Int
        let place: Int
        var count = 0

        /// A run of words counts once it has come twice, or is a name.
        var isTelling: Bool { wordCount == 1 || count > 1 || isName }
        private var isName: Bool { text.split(separator: " ").allSatisfy { $0.first?.isUppercase == true } }

        var weight: Double {
            Double(count) * (wordCount == 1 ? 1 : Double(wordCount) + 0.5) / (1 + Double(place) / 2000)
        }
    }

    static func all(in document: String) -> [String] {
        var candidates: [String: Candidate] = [:]
        var run: [Substring] = []
        var place = 0

        func closeRun() {
            for start in run.indices where isContent(run[start]) {
                for end in start..<min(start + maximumWords, run.count) where isContent(run[end]) {
                    let words = run[start...end]
                    let text = words.joined(separator: " ")
                    candidates[
                        text.lowercased(),
                        default: Candidate(text: text, wordCount: words.count, place: place + start)
                    ].count += 1
                }
            }
            place += run.count
            run = []
        }
        let text =
            document.utf8.count > maximumBytes
            ? String(decoding: document.utf8.prefix(maximumBytes), as: UTF8.self)
            : document
        // Words that more than one space parts, or any other mark, aren't one phrase.
        for piece in text.split(separator: " ", omittingEmptySubsequences: false) {
            let parts = piece.split(omittingEmptySubsequences: false) { !isWordCharacter($0) }
            for (index, part) in parts.enumerated() {
                if index > 0 || part.isEmpty { closeRun() }
                let word = part.drop { $0 == "-" || $0 == "'" || $0 == "\u{2019}" }
                if !word.isEmpty { run.append(word) }
            }
        }
        closeRun()
        return candidates.values.filter(\.isTelling)
            .sorted { ($1.weight, $0.place, $0.text) < ($0.weight, $1.place, $1.text) }
            .prefix(maximumCount).map(\.text)
    }

    private static func isWordCharacter(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "-" || character == "'" || character == "\u{2019}"
    }

    /// Whether it says what a text is about.
    private static func isContent(_ word: Substring) -> Bool {
        guard word.count >= 3, word.last.map({ $0.isLetter || $0.isNumber }) == true else { return false }
        return word.contains(where: \.isLetter) && !TextMeasures.stopWords.contains(word.lowercased())
    }
}
