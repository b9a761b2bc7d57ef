import Generation
import JSONText
import JobCatalog
import JobStore
import Passages
import Tokenization

// Long texts in parts: how they are divided, and what becomes of what the parts have brought.

extension JobPreparation {
    /// More levels than this would mean that results don't get shorter.
    private static let highestLevel = 16

    // MARK: - Dividing

    /// The parts of a text that is too long for one prompt.
    func division(_ task: LongTask, _ room: PromptRoom, tokens: Int) throws(JobRefusal) -> JobDivision {
        let splitter = splitter(task, room)
        guard let parts = splitter.split(task.document), parts.count > 1 else {
            throw tooLong(task.prompt, tokens: tokens, room)
        }
        return JobDivision(parts: Self.parts(parts, of: task.document))
    }

    private func splitter(_ task: LongTask, _ room: PromptRoom) -> DocumentSplitter {
        DocumentSplitter(tokenizer: tokenizer, limit: room.documentLimit) { [tokenizer] text in
            tokenizer.encode(task.prompt(over: text).pieces).count <= room.limit
        }
    }

    /// The sections of a text that is longer than one; `nil` where it is one by itself, or is one already.
    func sections(_ task: LongTask, _ room: PromptRoom) throws(JobRefusal) -> JobDivision? {
        guard !task.job.isPart else { return nil }
        let limit = min(task.prompt.sectionTokenBudget, room.documentLimit)
        guard limit > 0, tokenizer.encode(task.document).count > limit else { return nil }
        let splitter = DocumentSplitter(tokenizer: tokenizer, limit: limit, crossesParagraphs: false) {
            [tokenizer] text in
            tokenizer.encode(text).count <= limit
                && tokenizer.encode(task.prompt(over: text).pieces).count <= room.limit
        }
        guard let parts = splitter.split(task.document), parts.count > 1 else { return nil }
        return JobDivision(parts: Self.parts(parts, of: task.document))
    }

    /// Parts with their texts and their places by characters. O(bytes).
    static func parts(_ parts: [DocumentSplitter.Part], of text: String) -> [JobDivision.Part] {
        let utf8 = text.utf8
        var index = utf8.startIndex
        var characters = 0
        return parts.map { part in
            let end = utf8.index(index, offsetBy: part.range.count)
            let piece = text[index..<end]
            let begin = characters
            characters += piece.unicodeScalars.count
            index = end
            return JobDivision.Part(text: String(piece), begin: begin, end: characters, isCut: part.isCut)
        }
    }

    /// A section that says nothing in words, or is a heading, is kept as it is.
    static func kept(_ section: String) -> JobResult? {
        let words = section.split(whereSeparator: \.isWhitespace)
        let hasWords = words.contains { $0.contains(where: \.isLetter) }
        let last = section.last { !$0.isWhitespace }
        let isSentence = last.map { ".!?…:;,。！？\"”’»)".contains($0) } ?? false
        guard !hasWords || words.count < 6 && !isSentence else { return nil }
        return JobResult(text: section.trimmingSpaces)
    }

    // MARK: - Combining

    /// What becomes of a job whose parts are there.
    func combine(_ task: LongTask) throws(JobRefusal) -> JobPlan {
        let parts = task.job.parts
        let room = PromptRoom(task.prompt, tokenizer: tokenizer, contextLength: contextLength)
        guard Self.areWhole(parts, of: task.document) else { return try divideAnew(task, room) }
        guard parts.allSatisfy({ $0.state == .completed && $0.result != nil }) else {
            // Somebody was too early.
            return .divide(JobDivision(level: parts[0].level, parts: []))
        }
        if task.prompt.overflow == .sections { return .write(joined(task)) }
        let brought = Brought.all(parts, of: task.document, asQuotations: task.prompt.constraint?.quotes == true)
        guard !brought.isEmpty else {
            throw JobRefusal(
                code: "empty_parts", description: "none of the \(parts.count) parts of the text has brought anything")
        }
        let whole = Brought.join(brought)
        let prompt = task.prompt(over: whole.text)
        let tokens = tokenizer.encode(prompt.pieces)
        guard tokens.count > room.limit else {
            var prepared = try prepared(task, prompt, tokens: tokens, whole)
            prepared.partCount = parts.count
            return .generate(prepared)
        }
        return .divide(try nextLevel(task, brought, room, above: parts[0].level))
    }

    /// Parts that aren't all of the text, since somebody has deleted one or changed the text: those that are right stay.
    private func divideAnew(_ task: LongTask, _ room: PromptRoom) throws(JobRefusal) -> JobPlan {
        if task.prompt.overflow == .sections {
            if let division = try sections(task, room) { return .divide(division) }
        } else {
            let tokens = tokenizer.encode(task.prompt.pieces)
            if tokens.count > room.limit { return .divide(try division(task, room, tokens: tokens.count)) }
        }
        var job = task.job
        job.parts = []
        return try plan(job)
    }

    private static func areWhole(_ parts: [ClaimedJob.Part], of text: String) -> Bool {
        var end = 0
        for (index, part) in parts.enumerated() {
            guard part.number == index + 1, part.begin == end else { return false }
            end = part.end
        }
        return end == text.unicodeScalars.count
    }

    /// Results of the parts in groups that fit, each at least two.
    private func nextLevel(
        _ task: LongTask, _ brought: [Brought], _ room: PromptRoom, above level: Int
    ) throws(JobRefusal) -> JobDivision {
        func fits(_ group: ArraySlice<Brought>) -> Bool {
            tokenizer.encode(task.prompt(over: Brought.join(Array(group)).text).pieces).count <= room.limit
        }
        let costs = brought.map { tokenizer.encode("\n\n" + $0.text).count }
        let count = max((costs.reduce(0, +) + room.documentLimit - 1) / max(room.documentLimit, 1), 1)
        let share = costs.reduce(0, +) / count
        var groups: [ArraySlice<Brought>] = []
        var first = 0
        while first < brought.count {
            var end = first
            var sum = 0
            while end < brought.count, end < first + 2 || sum + costs[end] / 2 <= share,
                end == first || sum + costs[end] <= room.documentLimit
            {
                sum += costs[end]
                end += 1
            }
            while end > first + 1, !fits(brought[first..<end]) { end -= 1 }
            groups.append(brought[first..<end])
            first = end
        }
        guard groups.count < brought.count, level < Self.highestLevel else {
            throw JobRefusal(
                code: "document_too_long",
                description: "the parts' results are too long to be joined, two of them don't fit beside "
                    + "\(task.prompt.outputTokenBudget) of output in the model's context of \(contextLength); lower "
                    + "max_new_tokens")
        }
        var begin = 0
        return JobDivision(
            level: level + 1,
            parts: groups.enumerated().map { index, group in
                // What brought nothing belongs to what comes after it.
                let end =
                    index + 1 == groups.count ? task.document.unicodeScalars.count : group.last?.end ?? begin
                defer { begin = end }
                return JobDivision.Part(text: Brought.join(Array(group)).text, begin: begin, end: end)
            })
    }

    /// Sections in order, with the white space that parts them in the document.
    private func joined(_ task: LongTask) -> JobResult {
        let scalars = Array(task.document.unicodeScalars)
        var text = ""
        for part in task.job.parts {
            let result = (part.result ?? "").trimmingSpaces
            if !text.isEmpty { text += Self.gap(before: part.begin, in: scalars) }
            text += result
        }
        let isTruncated = task.job.parts.contains(where: \.isTruncated)
        var result = JobResult(
            text: text.trimmingSpaces, truncated: isTruncated,
            grounding: TextMeasures.grounding(of: text, in: task.document),
            repetition: TextMeasures.repetition(in: text))
        result.partCount = task.job.parts.count
        if task.prompt.constraint?.quotes == true {
            result.quotations = task.job.parts.flatMap { part in
                part.quotations.map {
                    Quotation(begin: part.begin + $0.begin, end: part.begin + $0.end, text: $0.text)
                }
            }
        }
        return result
    }

    /// The white space around a place.
    private static func gap(before place: Int, in text: [Unicode.Scalar]) -> String {
        var (begin, end) = (min(place, text.count), min(place, text.count))
        while begin > 0, text[begin - 1].properties.isWhitespace { begin -= 1 }
        while end < text.count, text[end].properties.isWhitespace { end += 1 }
        var gap = String.UnicodeScalarView()
        gap.append(contentsOf: text[begin..<end])
        return String(gap)
    }
}

/// What a part has brought to the whole.
private struct Brought: Sendable {
    let text: String
    /// Characters of the whole's text before the end of the part.
    let end: Int
    /// What it quotes, and where that stands in the whole; empty where it doesn't quote.
    let quotations: [(text: String, begin: Int)]

    private static let separator = "\n\n"

    /// In order, without those that brought nothing.
    static func all(_ parts: [ClaimedJob.Part], of whole: String, asQuotations: Bool) -> [Brought] {
        let scalars = asQuotations ? Array(whole.unicodeScalars) : []
        return parts.compactMap { part in
            let text = (part.result ?? "").trimmingSpaces
            guard !text.isEmpty else { return nil }
            guard asQuotations else { return Brought(text: text, end: part.end, quotations: []) }
            let places = part.quotations.compactMap { quotation in place(of: quotation, in: part, scalars) }
            guard !places.isEmpty else { return nil }
            return Brought(text: places.map(\.text).joined(separator: separator), end: part.end, quotations: places)
        }
    }

    /// A part of the text knows where it stands; one of other results doesn't, but what it quotes is in what it is made of.
    private static func place(
        of quotation: Quotation, in part: ClaimedJob.Part, _ text: [Unicode.Scalar]
    ) -> (text: String, begin: Int)? {
        let wanted = Array(quotation.text.unicodeScalars)
        func isAt(_ begin: Int) -> Bool {
            begin >= 0 && begin + wanted.count <= text.count && text[begin..<begin + wanted.count].elementsEqual(wanted)
        }
        if part.level == 0, isAt(part.begin + quotation.begin) {
            return (quotation.text, part.begin + quotation.begin)
        }
        let end = min(part.end, text.count)
        guard !wanted.isEmpty, part.begin + wanted.count <= end else { return nil }
        return (part.begin...end - wanted.count).first(where: isAt).map { (quotation.text, $0) }
    }

    static func join(_ brought: [Brought]) -> QuotableText {
        let quotations = brought.flatMap(\.quotations)
        guard quotations.isEmpty else { return QuotableText(joining: quotations, separator: separator) }
        return QuotableText(brought.map(\.text).joined(separator: separator))
    }
}

extension Constraint {
    /// Whether the text is made of passages of the document.
    var quotes: Bool { dependsOnDocument }
}

extension String {
    var trimmingSpaces: String { PostProcessing([.trim]).apply(to: self) }
}
