/// The form of prompt that a family of models was trained on; a job definition has a template for each style it serves.
///
/// The set is open: a definition of the user's may name a style of its own, picked by `--style`.
public struct PromptStyle: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The name in definitions and after `--style`.
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    /// Base GPT-J, which only continues text: examples separated by `###`.
    public static let base = PromptStyle(rawValue: "base")
    /// Instruction-tuned in Alpaca's form, such as dolly-v1: `### Instruction:`, `### Input:`, `### Response:`.
    public static let instruct = PromptStyle(rawValue: "instruct")
    /// MLPerf's GPT-J, tuned on CNN/DailyMail: Alpaca's form in its exact wording.
    public static let mlperf = PromptStyle(rawValue: "mlperf")
    /// NLP Cloud's instruct GPT-J: an instruction in plain words, then the text.
    public static let nlpcloud = PromptStyle(rawValue: "nlpcloud")
    /// GPT-JT: a task line, then `Input:` and `Output:`.
    public static let gptJT = PromptStyle(rawValue: "gpt-jt")
    /// This project's own small models: special tokens.
    public static let pocket = PromptStyle(rawValue: "pocket")

    /// The styles that the built-in definitions know.
    public static let wellKnown: [PromptStyle] = [.base, .instruct, .mlperf, .nlpcloud, .gptJT, .pocket]

    public var description: String { rawValue }

    /// The styles to try, in order, where a definition lacks this one: a model tuned on one form still understands
    /// the next. The pocket models have seen special tokens only, so nothing stands in for those.
    public var fallbacks: [PromptStyle] {
        switch self {
        case .mlperf, .nlpcloud, .gptJT: [.instruct, .base]
        case .instruct: [.base]
        default: []
        }
    }
}

/// What is known of a model without running it, to choose its style by.
public struct ModelFacts: Sendable, Equatable {
    /// The name of the model's folder or file, or the name its metadata gives.
    public var name: String
    /// The tokenizer's special and added tokens.
    public var specialTokens: Set<String>
    /// The style that the model's own metadata names, if any.
    public var declaredStyle: String?

    public init(name: String, specialTokens: Set<String> = [], declaredStyle: String? = nil) {
        self.name = name
        self.specialTokens = specialTokens
        self.declaredStyle = declaredStyle
    }
}

extension PromptStyle {
    /// The style for a model: what its metadata declares, else what its tokens show, else what its name tells, else
    /// ``base``. `--style` wins over all of it and doesn't come here.
    public init(for facts: ModelFacts) {
        if let declared = facts.declaredStyle, !declared.isEmpty {
            self.init(rawValue: declared)
        } else if facts.specialTokens.isSuperset(of: ["<|summarize|>", "<|out|>"]) {
            self = .pocket
        } else {
            let name = facts.name.lowercased()
            // In this order: "instruct-gpt-j" is NLP Cloud's name, other names with "instruct" are of Alpaca's kind.
            let marks: [(PromptStyle, [String])] = [
                (.mlperf, ["mlperf", "cnn-dm", "cnn_dm", "cnndm", "cnn-dailymail", "cnn_dailymail"]),
                (.gptJT, ["gpt-jt", "gpt_jt", "gptjt"]),
                (.nlpcloud, ["instruct-gpt-j", "nlpcloud"]),
                (.instruct, ["dolly", "alpaca", "instruct"]),
            ]
            self = marks.first { $0.1.contains { name.contains($0) } }?.0 ?? .base
        }
    }
}
