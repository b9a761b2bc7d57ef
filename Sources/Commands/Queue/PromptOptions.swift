import ArgumentParser
import Foundation
import GPTJ
import JobCatalog
import ModelFiles
import Tokenization

/// For which model a prompt is made when it is only looked at.
struct PromptOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Count tokens as this model does (environment: NIGHTSHIFT_MODEL), by default the one inside the executable; its "
                + "weights aren't read.",
            valueName: "path|name"),
        completion: .directory)
    var model: String?

    /// What engines over the model are called; `nil` where it isn't there.
    var modelName: String? { try? ModelOptions.locate(model).name }

    /// The model's tokenizer and limits.
    func meter() throws -> PromptMeter { try PromptMeter(ModelOptions.locate(model)) }
}

/// How long prompts are for a model.
struct PromptMeter {
    let tokenizer: Tokenizer
    let contextLength: Int
    /// The style of prompt the model was made for.
    let style: PromptStyle

    /// - throws: `ModelFileError`, `TokenizerError`; ``CommandError`` (65) for a GGUF file without a tokenizer.
    init(_ model: LocatedModel) throws {
        contextLength =
            try model.gguf == nil
            ? GPTJConfiguration(folder: model.folder).contextLength
            : OpenedModel(model).configuration.contextLength
        tokenizer = try ModelOptions.tokenizer(of: model)
        style = PromptStyle(
            for: ModelFacts(name: model.name, specialTokens: Set(tokenizer.addedTokens.map(\.content))))
    }

    func measure(_ prompt: RenderedPrompt) -> PromptSize {
        let room = contextLength - prompt.outputTokenBudget
        return PromptSize(
            tokens: tokenizer.encode(prompt.pieces).count, outputTokens: prompt.outputTokenBudget,
            limit: max(0, min(room, prompt.inputTokenBudget ?? room)), contextLength: contextLength)
    }
}

/// A prompt's tokens, and how many it may have.
struct PromptSize {
    let tokens: Int
    let outputTokens: Int
    /// The most tokens that leave room for the output.
    let limit: Int
    let contextLength: Int

    var fits: Bool { tokens <= limit }

    var description: String {
        "\(tokens) tokens; with \(outputTokens) kept for the output, up to \(limit) fit into the context of \(contextLength)"
    }
}
