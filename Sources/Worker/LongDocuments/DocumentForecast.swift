package import JobCatalog
package import Tokenization

/// What a document will take, before anything is queued.
package struct DocumentForecast: Sendable, Equatable {
    /// Of the prompt over the whole document.
    package var promptTokens: Int
    package var outputTokens: Int
    /// The most tokens of a prompt that leave room for the output.
    package var limit: Int
    package var contextLength: Int
    /// What is done with what doesn't fit.
    package var overflow: OverflowPolicy
    /// The document's parts, each a job of its own; 1 where it is done in one piece.
    package var parts = 1
    /// How often results are joined and worked on again, at most; 0 where there is nothing to join.
    package var levels = 0
    /// Whether the job can be done at all.
    package var canBeDone = true
    /// All tokens that are read, shared ones included, and the most that are written: what the time depends on.
    package var totalPromptTokens: Int
    package var totalOutputTokens: Int

    /// Texts that are generated: one for each part and each joining.
    package var steps = 1

    package var fits: Bool { promptTokens <= limit }

    /// - parameters:
    ///   - prompt: over the whole document
    ///   - document: as it came
    ///
    /// O(bytes).
    package init(
        _ prompt: RenderedPrompt, of definition: JobDefinition, document: String, tokenizer: Tokenizer,
        contextLength: Int
    ) {
        let room = PromptRoom(prompt, tokenizer: tokenizer, contextLength: contextLength)
        promptTokens = tokenizer.encode(prompt.pieces).count
        outputTokens = prompt.outputTokenBudget
        limit = max(room.limit, 0)
        self.contextLength = contextLength
        overflow = prompt.overflow
        totalPromptTokens = promptTokens
        totalOutputTokens = outputTokens
        @Sendable func measure(_ text: String) -> Int {
            tokenizer.encode(prompt.replacingDocument(with: definition.trimmed(text)).pieces).count
        }
        let crosses = overflow != .sections
        let partLimit = crosses ? room.documentLimit : min(prompt.sectionTokenBudget, room.documentLimit)
        let splitter = DocumentSplitter(tokenizer: tokenizer, limit: partLimit, crossesParagraphs: crosses) { text in
            measure(text) <= room.limit && (crosses || tokenizer.encode(text).count <= partLimit)
        }
        switch overflow {
        case .sections where tokenizer.encode(document).count > partLimit:
            guard let parts = splitter.split(document), parts.count > 1 else { break }
            count(parts.count, rest: promptTokens - tokenizer.encode(document).count)
            return
        case .mapReduce where !fits:
            guard let parts = splitter.split(document), parts.count > 1 else { break }
            count(parts.count, rest: room.limit - room.documentLimit)
            var results = parts.count
            repeat {
                results = (results * (outputTokens + 2) + room.documentLimit - 1) / room.documentLimit
                levels += 1
                steps += results
                totalPromptTokens += results * room.limit
                totalOutputTokens += results * outputTokens
            } while results > 1 && levels < 16
            return
        case .retrieve where !fits, .truncate where !fits, .truncatePrompt where !fits, .newestTurns where !fits:
            totalPromptTokens = limit
            canBeDone = room.documentLimit > 0
            return
        case .mapReduce, .sections, .retrieve, .truncate, .truncatePrompt, .newestTurns, .refuse: break
        }
        canBeDone = fits
    }

    private mutating func count(_ parts: Int, rest: Int) {
        self.parts = parts
        steps = parts
        totalPromptTokens = promptTokens + (parts - 1) * max(rest, 0)
        totalOutputTokens = parts * outputTokens
    }

    package var description: String {
        let limits = "with \(outputTokens) kept for the output, up to \(limit) fit into the context of \(contextLength)"
        let plan =
            switch overflow {
            case _ where !canBeDone || parts == 1 && fits: ""
            case .mapReduce:
                "; \(parts) parts, whose results are joined in at most \(levels) \(levels == 1 ? "level" : "levels")"
            case .sections: "; \(parts) sections, put together in order"
            case .retrieve: "; the passages that match the question best are read"
            case .truncate, .truncatePrompt: "; the beginning is read, and the result marked as truncated"
            case .newestTurns: "; the newest turns are read"
            case .refuse: ""
            }
        return "\(promptTokens) tokens; \(limits)\(plan)"
    }
}
