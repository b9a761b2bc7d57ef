public import Tokenization

/// Why a request was refused or ended without a text.
public enum GenerationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A decoding parameter outside of its range. `name` is HuggingFace's.
    case parameter(name: String, value: String, allowed: String)
    case emptyPrompt
    /// Prompt and output don't fit into the model's context together.
    case contextExceeded(promptTokens: Int, maxNewTokens: Int, contextLength: Int)
    /// Prompt and output, of all beams, don't fit into the memory that is set aside for keys and values; `tokens` counts
    /// whole pages.
    case memoryExceeded(tokens: Int, capacity: Int)
    case tokenOutOfRange(token: TokenID, vocabularySize: Int)
    /// The model gave a NaN or an infinity: its weights are damaged.
    case notFinite(position: Int)
    /// The constraint is wrong, or this model can't follow it.
    case constraint(ConstraintError)
    /// The processors forbade every token.
    case noTokenLeft(position: Int)
    /// The model refused a step.
    case model(String)

    public var description: String {
        switch self {
        case .parameter(let name, let value, let allowed):
            "\(name) is \(value); allowed: \(allowed)"
        case .emptyPrompt:
            "the prompt has no tokens; give it at least one"
        case .contextExceeded(let prompt, let new, let context):
            "the prompt has \(prompt) tokens and \(new) more may be generated; the model's context holds \(context) "
                + "together. Shorten the text to \(max(0, context - min(new, context))) tokens with its prompt, or lower max_new_tokens"
        case .memoryExceeded(let tokens, let capacity):
            "the request may need keys and values of \(tokens) tokens; there is memory for \(capacity). "
                + "Raise it with --kv-memory or shorten the text"
        case .tokenOutOfRange(let token, let size):
            "token \(token) isn't in the vocabulary; ids run from 0 to \(size - 1)"
        case .notFinite(let position):
            "the model's output at position \(position) isn't a finite number; check the weights with 'nightshift model verify'"
        case .noTokenLeft(let position):
            "at position \(position) the decoding parameters forbid every token; loosen them"
        case .constraint(let error): error.description
        case .model(let reason): reason
        }
    }
}
