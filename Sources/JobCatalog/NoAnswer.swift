/// How a job may say that the document doesn't tell, in place of a quotation.
///
/// The text that says so is scored as if the model had written it. Where the quotation's mean log-probability, its end
/// token left out, isn't above that of the text by `threshold` nats a token, the text is the answer. A mean, so that
/// answers of all lengths are measured alike and in the unit of `results.mean_logprob`.
public struct NoAnswer: Sendable, Equatable {
    /// Not blank.
    public var text: String
    /// 0 takes what is likelier; a higher one asks more of a quotation.
    public var threshold: Double

    public init(text: String, threshold: Double = 0) {
        self.text = text
        self.threshold = threshold
    }
}

extension NoAnswer {
    /// The name of the text in templates, where the definition gives one.
    static let templateName = "no_answer"

    /// Reads `no_answer: {text: ..., threshold: ...}` of a definition.
    init?(_ root: DefinitionFields) throws {
        guard let fields = try root.fields("no_answer", allowed: ["text", "threshold"]) else { return nil }
        guard let text = try fields.text("text"), !text.allSatisfy(\.isWhitespace) else {
            throw fields.problem("text", "missing: say what the result is to be where the document doesn't tell")
        }
        self.init(text: text)
        guard let node = fields.node("threshold") else { return }
        do {
            threshold = try NamedValue(name: "threshold", value: node.value).number()
        } catch {
            throw fields.problem("threshold", line: node.line, "expected a number of nats per token")
        }
    }
}
