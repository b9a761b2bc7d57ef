/// Why a tokenizer could not be made from its files.
///
/// Encoding and decoding never fail; everything that can be wrong with a tokenizer is found when it is loaded.
public enum TokenizerError: Error, Equatable, CustomStringConvertible {
    /// The folder has neither `tokenizer.json` nor `vocab.json` with `merges.txt`.
    case noTokenizer(folder: String)
    /// The file exists but can't be read.
    case unreadable(path: String, reason: String)
    /// The file is larger than any tokenizer; it was not read.
    case tooLarge(path: String, bytes: Int, limit: Int)
    /// The bytes at `offset` are not what JSON (or UTF-8) allows there, or more than a tokenizer could have.
    case malformedJSON(path: String, offset: Int, reason: String)
    /// A field has another type or range than it must have; `found` is a short form of what stands there.
    case wrongField(path: String, field: String, expected: String, found: String)
    /// The tokenizer is of a kind that this module doesn't implement.
    case unsupported(path: String, field: String, found: String, supported: String)
    /// A line or entry of the merges is not two tokens.
    case malformedMerge(source: String, number: Int, found: String)
    /// A merge names or makes a token that the vocabulary doesn't have.
    case mergeOutsideVocabulary(source: String, number: Int, left: String, right: String, missing: String)
    /// Two entries claim one id, or one token has two ids.
    case conflictingTokens(source: String, token: String, id: Int, other: String)

    public var description: String {
        switch self {
        case .noTokenizer(let folder):
            "\(folder) has no tokenizer: expected tokenizer.json, or vocab.json with merges.txt. "
                + "Copy these files of the model into the folder."
        case .unreadable(let path, let reason):
            "\(path) can't be read: \(reason)."
        case .tooLarge(let path, let bytes, let limit):
            "\(path) has \(bytes) bytes; a tokenizer file has at most \(limit). Is it another file under this name?"
        case .malformedJSON(let path, let offset, let reason):
            "\(path) is not valid JSON at byte \(offset): \(reason). Is it cut off, or another file under this name?"
        case .wrongField(let path, let field, let expected, let found):
            "\(path): \(field) must be \(expected), but is \(found)."
        case .unsupported(let path, let field, let found, let supported):
            "\(path): \(field) is \(found), which is not supported; GPT-J's tokenizer has \(supported)."
        case .malformedMerge(let source, let number, let found):
            "\(source), merge \(number): expected two tokens with one space between them, found \"\(found)\"."
        case .mergeOutsideVocabulary(let source, let number, let left, let right, let missing):
            "\(source), merge \(number) (\"\(left)\" and \"\(right)\"): the vocabulary has no token \"\(missing)\". "
                + "Do the vocabulary and the merges belong to the same tokenizer?"
        case .conflictingTokens(let source, let token, let id, let other):
            "\(source): token \"\(token)\" has id \(id), which contradicts \(other)."
        }
    }
}
