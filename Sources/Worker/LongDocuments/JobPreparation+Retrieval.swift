import JobCatalog
import JobStore
import Tokenization

// Questions on long texts: the passages that match best are read, as many as fit, in the order of the text.

extension JobPreparation {
    /// What stands in the prompt where something of the text was left out.
    static let gapMark = "[…]"
    /// What stands there in the text that may be quoted: nothing can be quoted across it.
    private static let barrier = "\u{FFFD}"

    func retrieve(_ task: LongTask, _ room: PromptRoom, tokens: Int) throws(JobRefusal) -> JobPlan {
        let question = task.job.question ?? ""
        guard question.contains(where: { !$0.isWhitespace }) else {
            throw JobRefusal(
                code: "document_too_long",
                description:
                    "the prompt has \(tokens) tokens, \(max(room.limit, 0)) fit, and without a question there is "
                    + "nothing to look up passages by; choose overflow=map-reduce, sections or truncate")
        }
        let shelf: PassageLibrary.Shelf
        let scores: [Int: Double]
        do {
            // Several passages, each of some sentences.
            let limit = max(min(room.documentLimit / 6, 160), 24)
            shelf = try library.shelf(of: task.document, limit: limit, tokenizer: tokenizer)
            scores = try shelf.ranking.scores(for: QuestionWords.phrases(of: question))
        } catch {
            throw JobRefusal(code: "unsupported", description: "the text can't be searched: \(error)")
        }
        var choice = PassageChoice(shelf.passages, scores: scores)
        choice.fill(room.documentLimit, gap: tokenizer.encode("\n\n" + Self.gapMark + "\n\n").count)
        while true {
            guard !choice.isEmpty else { throw tooLong(task.prompt, tokens: tokens, room) }
            let excerpt = Excerpt(choice.spans, of: shelf.bytes, gapMark: Self.gapMark)
            let prompt = task.prompt.replacingDocument(with: excerpt.text)
            let promptTokens = tokenizer.encode(prompt.pieces)
            if promptTokens.count > room.limit {
                choice.dropWorst()
                continue
            }
            let quotable = QuotableText(
                joining: excerpt.passages.map { ($0.text, $0.begin) }, separator: "\n\n\(Self.barrier)\n\n")
            var prepared = try prepared(task, prompt, tokens: promptTokens, quotable)
            prepared.evidence = zip(excerpt.passages, choice.spans).map { passage, span in
                Evidence(
                    place: Quotation(
                        begin: passage.begin, end: passage.begin + passage.text.unicodeScalars.count, text: passage.text
                    ),
                    score: span.score)
            }
            prepared.partCount = excerpt.passages.count
            return .generate(prepared)
        }
    }
}

/// Which passages to read: those that match best, then what stands beside them.
struct PassageChoice {
    /// Passages that follow each other.
    struct Span {
        /// UTF-8 bytes of the text.
        var range: Range<Int>
        /// The best of its passages; `nil` where none matches.
        var score: Double?
    }

    private let passages: [PassageLibrary.Passage]
    private let scores: [Int: Double]
    /// In the order they were chosen.
    private var chosen: [Int] = []

    init(_ passages: [PassageLibrary.Passage], scores: [Int: Double]) {
        self.passages = passages
        self.scores = scores
    }

    var isEmpty: Bool { chosen.isEmpty }

    /// - parameters:
    ///   - room: tokens there are
    ///   - gap: tokens that a gap costs
    mutating func fill(_ room: Int, gap: Int) {
        var taken: Set<Int> = []
        var left = room
        func cost(_ index: Int) -> Int {
            // Beside a chosen one there is no gap.
            passages[index].tokens + (taken.contains(index - 1) || taken.contains(index + 1) ? 0 : gap)
        }
        func take(_ index: Int) {
            guard passages.indices.contains(index), !taken.contains(index), cost(index) <= left else { return }
            left -= cost(index)
            taken.insert(index)
            chosen.append(index)
        }
        let ranked = scores.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        for index in ranked { take(index) }
        // Where there is room still, what an answer may need to be understood.
        for distance in 1...3 {
            for index in ranked {
                take(index + distance)
                take(index - distance)
            }
        }
        // Nothing matches: the beginning is as good as anything.
        if ranked.isEmpty { for index in passages.indices { take(index) } }
    }

    mutating func dropWorst() { chosen.removeLast() }

    /// The chosen passages in the order of the text.
    var spans: [Span] {
        var spans: [Span] = []
        var last: Int?
        for index in chosen.sorted() {
            let score = scores[index]
            if let last, last + 1 == index {
                spans[spans.count - 1].range =
                    spans[spans.count - 1].range.lowerBound..<passages[index].range.upperBound
                spans[spans.count - 1].score = [spans[spans.count - 1].score, score].compactMap(\.self).max()
            } else {
                spans.append(Span(range: passages[index].range, score: score))
            }
            last = index
        }
        return spans
    }
}

/// Passages of a text as the model reads them.
private struct Excerpt {
    struct Passage {
        let text: String
        /// Characters of the text before it.
        let begin: Int
    }

    let passages: [Passage]
    /// With marks where something was left out.
    let text: String

    init(_ spans: [PassageChoice.Span], of bytes: [UInt8], gapMark: String) {
        var passages: [Passage] = []
        var (position, characters) = (0, 0)
        for span in spans {
            characters += bytes[position..<span.range.lowerBound].count { $0 & 0xC0 != 0x80 }
            let text = String(decoding: bytes[span.range], as: UTF8.self)
            passages.append(Passage(text: text, begin: characters))
            characters += text.unicodeScalars.count
            position = span.range.upperBound
        }
        self.passages = passages
        func isBlank(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.allSatisfy(TextUnits.isSpace) }
        var pieces = passages.map(\.text)
        if let first = spans.first, !isBlank(bytes[..<first.range.lowerBound]) { pieces.insert("", at: 0) }
        if let last = spans.last, !isBlank(bytes[last.range.upperBound...]) { pieces.append("") }
        text = pieces.joined(separator: "\n\n\(gapMark)\n\n").trimmingSpaces
    }
}
