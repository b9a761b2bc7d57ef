public import JSONText

/// What one job brings: the columns of its row that a prompt is made of.
public struct JobInputs: Sendable, Equatable {
    /// The text of the job's document, or its inline input.
    public var document: String?
    /// The document's title, where there is one; templates may use it inside `{{#if title}}`.
    public var title: String?
    /// What is asked of the document, for kinds that take a question.
    public var question: String?
    /// The job's options, by name: the definition's own, and decoding parameters by HuggingFace's names.
    public var options: [String: JSONValue]

    /// What was said before, oldest first, where the job goes on with a conversation; the document is what is said next.
    public var earlierTurns: [EarlierTurn] = []

    public init(
        document: String? = nil, title: String? = nil, question: String? = nil, options: [String: JSONValue] = [:]
    ) {
        self.document = document
        self.title = title
        self.question = question
        self.options = options
    }
}

/// An input that a definition can ask for.
public enum InputName: String, CaseIterable, Sendable {
    case document
    case question

    func value(in inputs: JobInputs) -> String? {
        switch self {
        case .document: inputs.document
        case .question: inputs.question
        }
    }
}

/// Whether a kind's job must bring an input. An input the definition doesn't name is refused.
public enum InputNeed: String, CaseIterable, Sendable {
    case required
    case optional
}

/// A job of a conversation that another one goes on with.
public struct EarlierTurn: Sendable, Equatable {
    /// The text that the job was given.
    public var text: String
    /// Its result.
    public var reply: String
    /// Its option `speaker`.
    public var speaker: String?

    public init(text: String, reply: String, speaker: String? = nil) {
        self.text = text
        self.reply = reply
        self.speaker = speaker
    }
}
