import Foundation
package import JobCatalog
import JobStore
import Passages
package import Tokenization

/// How many tokens there are for a prompt and for the document in it.
package struct PromptRoom: Sendable {
    /// The most tokens of the prompt, so that the output has room beside it; may be negative.
    package let limit: Int
    /// About the most tokens of the document; may be negative.
    package let documentLimit: Int
    package let contextLength: Int

    package init(_ prompt: RenderedPrompt, tokenizer: Tokenizer, contextLength: Int) {
        self.contextLength = contextLength
        limit = min(contextLength - prompt.outputTokenBudget, prompt.inputTokenBudget ?? .max)
        let rest = tokenizer.encode(prompt.replacingDocument(with: "").pieces).count
        documentLimit = prompt.documentPieces.isEmpty ? 0 : (limit - rest) / prompt.documentPieces.count
    }
}

extension JobPreparation {
    func tooLong(_ prompt: RenderedPrompt, tokens: Int, _ room: PromptRoom) -> JobRefusal {
        let lastTurn = prompt.overflow == .newestTurns ? " (not even the last turn does)" : ""
        return JobRefusal(
            code: "document_too_long",
            description:
                "the prompt has \(tokens) tokens; \(max(room.limit, 0)) fit beside \(prompt.outputTokenBudget) of "
                + "output in the model's context of \(contextLength)\(lastTurn). Split the document, lower max_new_tokens, "
                + "or add the job with -o overflow=map-reduce, sections or retrieve to have it read in parts, or with -o "
                + "overflow=truncate to use its beginning")
    }

    /// A prompt that fits, over as much of the document as is left of it.
    struct CutPrompt {
        let prompt: RenderedPrompt
        let tokens: [TokenID]
        let document: String
    }

    func truncate(_ task: LongTask, _ room: PromptRoom, tokens: [TokenID]) throws(JobRefusal) -> CutPrompt {
        let (prompt, limit) = (task.prompt, room.limit)
        if prompt.overflow == .truncatePrompt, limit > 0 {
            return CutPrompt(prompt: prompt, tokens: Array(tokens.prefix(limit)), document: task.document)
        }
        guard
            let cut = shorten(prompt, document: task.document, excess: tokens.count - limit, limit: limit)
        else { throw tooLong(prompt, tokens: tokens.count, room) }
        return cut
    }

    /// Shortens the document until the prompt fits; `nil` when the prompt doesn't fit without any document.
    private func shorten(_ prompt: RenderedPrompt, document: String, excess: Int, limit: Int) -> CutPrompt? {
        let ids = tokenizer.encode(document)
        let copies = max(prompt.documentPieces.count, 1)
        var kept = ids.count - (excess + copies - 1) / copies
        while kept >= 0 {
            // Cutting may change how the border is tokenized, so that the result is measured anew.
            let beginning = Self.wholeCharacters(tokenizer.decode(ids.prefix(kept)))
            let shortened = prompt.replacingDocument(with: beginning)
            let tokens = tokenizer.encode(shortened.pieces)
            if tokens.count <= limit {
                return CutPrompt(
                    prompt: shortened, tokens: tokens, document: Self.wholeSentences(of: beginning, in: document))
            }
            kept -= max(1, (tokens.count - limit + copies - 1) / copies)
        }
        return nil
    }

    /// The beginning of a document without a sentence that was cut in two, as far as it has any that wasn't.
    private static func wholeSentences(of beginning: String, in document: String) -> String {
        let length = beginning.utf8.count
        var end = 0
        for sentence in Sentences(of: document) {
            if sentence.upperBound > length { break }
            end = sentence.upperBound
        }
        return end > 0 ? String(decoding: beginning.utf8.prefix(end), as: UTF8.self) : beginning
    }

    /// Without the replacement character that a character cut in two ends in.
    private static func wholeCharacters(_ text: String) -> String {
        var scalars = text.unicodeScalars
        while scalars.last == "\u{FFFD}" { scalars.removeLast() }
        return String(scalars)
    }
}
