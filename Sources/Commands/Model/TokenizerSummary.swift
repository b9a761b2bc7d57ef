import Foundation
import GPTJ
import JSONText
import Tokenization

/// A model's tokenizer, as far as one can say without a text.
enum TokenizerSummary {
    /// The model takes and gives token ids only.
    case absent
    case unusable(TokenizerError)
    /// - source: the file of the vocabulary, or the part of a file
    /// - entryCount: entries of the vocabulary
    /// - idLimit: the largest id, and one more
    case loaded(source: String, entryCount: Int, addedCount: Int, idLimit: Int)

    init(_ model: OpenedModel) {
        do throws(TokenizerError) {
            guard let definition = try model.tokenizerDefinition() else {
                self = .absent
                return
            }
            let tokenizer = try Tokenizer(definition)
            self = .loaded(
                source: definition.sources.vocabulary, entryCount: definition.vocabulary.count,
                addedCount: definition.addedTokens.count, idLimit: tokenizer.vocabularySize)
        } catch {
            self = .unusable(error)
        }
    }

    var text: String {
        switch self {
        case .absent: "none: the model takes and gives token ids only"
        case .unusable(let error): "unusable: \(error)"
        case .loaded(_, let entries, let added, let limit):
            "\(entries.grouped) entries, \(added.grouped) added tokens, ids below \(limit.grouped)"
        }
    }

    var json: JSONValue {
        switch self {
        case .absent: .null
        case .unusable(let error): ["error": .string(error.description)]
        case .loaded(let source, let entries, let added, let limit):
            [
                "source": .string(source), "entries": .integer(entries), "added_tokens": .integer(added),
                "id_limit": .integer(limit),
            ]
        }
    }

    /// What keeps the tokenizer from serving a network with logits for `vocabularySize` ids.
    func problem(vocabularySize: Int, url: URL) -> ModelProblem? {
        switch self {
        case .absent: nil
        case .unusable(let error): ModelProblem(path: url.path, problem: "tokenizer: \(error)")
        case .loaded(let source, _, _, let limit):
            limit <= vocabularySize
                ? nil
                : ModelProblem(
                    path: source,
                    problem: "expected ids below \(vocabularySize), the size of the network's vocabulary, "
                        + "found a token of id \(limit - 1)")
        }
    }
}
