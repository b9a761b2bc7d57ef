import ArgumentParser
import Foundation
import GPTJ
import JSONText
import JobCatalog
import ModelFiles
import Tokenization
import Worker

/// For which model a prompt is made when it is only looked at.
struct PromptOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Count tokens as this model does (environment: NIGHTSHIFT_MODEL), by default the one inside the executable; its "
                + "weights aren't read.",
            valueName: "path|name"),
        completion: .model)
    var model: String?

    /// What engines over the model that was chosen are called; `nil` where none was, or it isn't there.
    var modelName: String? {
        guard let chosen = (try? model ?? Settings.current.text(.model)) ?? nil, !chosen.isEmpty else { return nil }
        return try? ModelOptions.locate(chosen).name
    }

    /// The model's tokenizer and limits. Where none is named, those of the built-in model; `nil` where the kind has no
    /// template for that.
    func meter(for definition: JobDefinition) throws -> PromptMeter? {
        let meter = try PromptMeter(ModelOptions.locate(model))
        let isNamed = try (model ?? Settings.current.text(.model))?.isEmpty == false
        return isNamed || definition.servesEveryStyle || definition.styles.contains(meter.style) ? meter : nil
    }
}

/// How long prompts are for a model.
struct PromptMeter {
    let tokenizer: Tokenizer
    let contextLength: Int
    /// The style of prompt the model was made for.
    let style: PromptStyle

    /// - throws: `ModelFileError`, `TokenizerError`; ``CommandError`` (65) for a GGUF file without a tokenizer.
    init(_ model: LocatedModel) throws {
        if model.gguf == nil {
            contextLength = try GPTJConfiguration(folder: model.folder).contextLength
            tokenizer = try ModelOptions.tokenizer(of: model)
        } else {
            // All of it stands in the file's head.
            let opened = try OpenedModel(model)
            contextLength = opened.configuration.contextLength
            tokenizer = try ModelOptions.tokenizer(opened.tokenizerDefinition(), of: model)
        }
        style = PromptStyle(
            for: ModelFacts(name: model.name, specialTokens: Set(tokenizer.addedTokens.map(\.content))))
    }

    /// - parameters:
    ///   - prompt: over the whole document
    ///   - document: as it came
    func forecast(_ prompt: RenderedPrompt, of definition: JobDefinition, document: String) -> DocumentForecast {
        DocumentForecast(
            prompt, of: definition, document: document, tokenizer: tokenizer, contextLength: contextLength)
    }
}

extension DocumentForecast {
    /// For programs.
    var object: JSONObject {
        [
            "prompt_tokens": .integer(promptTokens), "limit": .integer(limit), "overflow": .string(overflow.rawValue),
            "parts": .integer(parts), "levels": .integer(levels), "fits": .bool(fits), "can_be_done": .bool(canBeDone),
            "total_prompt_tokens": .integer(totalPromptTokens), "total_output_tokens": .integer(totalOutputTokens),
        ]
    }
}
