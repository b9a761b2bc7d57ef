import JSONText
import JobStore

extension NewJob {
    /// A text to continue by exactly `tokens` tokens.
    static func continuation(of text: String, tokens: Int) -> NewJob {
        NewJob(
            kind: "generate", input: .inline(text),
            options: ["max_new_tokens": .integer(tokens), "min_new_tokens": .integer(tokens)])
    }
}
