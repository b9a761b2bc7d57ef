/// What is wrong with a constraint.
public enum ConstraintError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It isn't written as a constraint is. `path` leads to the place: `json.properties.age`.
    case malformed(path: String, problem: String)
    /// A regular expression has a problem at a character, counted from 1.
    case pattern(path: String, character: Int, problem: String)
    /// A schema uses a keyword that isn't understood; what it asks for couldn't be kept.
    case unsupportedKeyword(path: String, keyword: String, known: [String])
    /// It's lawful, and larger than what is worth trying.
    case tooLarge(path: String, problem: String)
    /// The document of a request can't be quoted as the constraint asks for.
    case document(constraint: String, problem: String)
    /// A text could match it in so many ways at once that following them all would take too long.
    case tooAmbiguous

    public var description: String {
        switch self {
        case .malformed(let path, let problem), .tooLarge(let path, let problem):
            "\(path): \(problem)"
        case .pattern(let path, let character, let problem):
            "\(path): at character \(character): \(problem)"
        case .document(let constraint, let problem):
            "\(constraint): \(problem)"
        case .unsupportedKeyword(let path, let keyword, let known):
            "\(path): the keyword '\(keyword)' isn't supported; leave it out or say it otherwise (supported: "
                + known.joined(separator: ", ") + ")"
        case .tooAmbiguous:
            "the constraint can be matched in too many ways at once: write it so that the text itself tells which part of "
                + "it is next, with smaller counts or without repetitions inside of repetitions"
        }
    }
}
