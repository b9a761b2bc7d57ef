import GPTJ
import Generation
import Tokenization

/// Runs one sequence through the model in chunks and hands out the logits of its positions.
struct SequenceReader {
    let model: GPTJModel
    var adapters = AdapterMix.none
    /// Tokens to a step: bounds the memory that logits take.
    private let chunkLength = 64

    /// Calls `body` for every position from `first` on, in order, with the position's logits.
    ///
    /// - throws: ``RequestError`` when the tokens don't fit; what `body` throws.
    func read(_ tokens: [TokenID], from first: Int = 0, _ body: (Int, ArraySlice<Float>) throws -> Void) throws {
        guard !tokens.isEmpty else { throw RequestError("there are no tokens; give at least one") }
        guard tokens.count <= model.contextLength else {
            throw RequestError(
                "\(tokens.count) tokens don't fit into the model's context of \(model.contextLength); shorten the text")
        }
        let sequence = model.openSequence()
        defer { model.closeSequence(sequence) }
        var position = 0
        while position < tokens.count {
            // Up to `first` no logits are wanted, so that chunks may be longer.
            let isWanted = position >= first
            let end = isWanted ? position + chunkLength : min(position + 512, first)
            let chunk = Array(tokens[position..<min(end, tokens.count)])
            do {
                let logits = try model.step([
                    SequenceStep(sequence: sequence, tokens: chunk, output: isWanted ? .all : .none, adapters: adapters)
                ])
                if isWanted { for row in chunk.indices { try body(position + row, logits.row(row)) } }
            } catch LanguageModelError.tokenOutOfRange(let token, let size) {
                throw RequestError("token \(token) isn't in the vocabulary; ids run from 0 to \(size - 1)")
            }
            position += chunk.count
        }
    }
}

extension ArraySlice<Float> {
    /// - throws: ``RequestError`` for a NaN or an infinity, which JSON has no number for.
    func requireFinite(position: Int) throws {
        guard allSatisfy(\.isFinite) else {
            throw RequestError(String(describing: GenerationError.notFinite(position: position)))
        }
    }
}
