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
            "Count tokens as this model does (environment: NIGHTSHIFT_MODEL); its weights aren't read.",
            valueName: "path|name"),
        completion: .model)
    var model: String?

    /// What engines over the model are called; `nil` where no model is named.
    var modelName: String? {
        guard let name = (try? model ?? Settings.current.text(.model)) ?? nil, !name.isEmpty else { return nil }
        return try? ModelLocator(environment: ProcessInfo.processInfo.environment).locate(name).name
    }

    /// The model's tokenizer and limits, or `nil` where no model is named.
    func meter() throws -> PromptMeter? {
        guard let name = try model ?? Settings.current.text(.model), !name.isEmpty else { return nil }
        return try PromptMeter(ModelLocator(environment: ProcessInfo.processInfo.environment).locate(name))
    }
}

/// How long prompts are for a model.
struct PromptMeter {
    let tokenizer: Tokenizer
    let contextLength: Int
    /// The style of prompt the model was made for.
    let style: PromptStyle

    init(_ model: LocatedModel) throws {
        contextLength = try GPTJConfiguration(folder: model.folder).contextLength
        tokenizer = try Tokenizer(folder: model.folder)
        style = PromptStyle(
            for: ModelFacts(
                name: model.folder.standardizedFileURL.lastPathComponent,
                specialTokens: Set(tokenizer.addedTokens.map(\.content))))
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
