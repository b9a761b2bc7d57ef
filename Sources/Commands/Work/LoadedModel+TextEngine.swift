import Foundation
import GPTJ
import Generation
import JobCatalog
import ModelFiles
import Tokenization
import Worker

extension LoadedModel {
    /// The model as a worker uses it.
    ///
    /// - parameter style: `--style`; `nil` picks the model's own.
    /// - throws: ``CommandError`` (69) for a model without a tokenizer.
    func textEngine(style: String?) throws -> TextEngine {
        guard let tokenizer else {
            throw CommandError(
                .unavailable,
                located.gguf == nil
                    ? "\(located.url.path): the folder has no tokenizer; put tokenizer.json, or vocab.json and "
                        + "merges.txt, beside the weights"
                    : "\(located.url.path): the file has no tokenizer; convert a folder that has one")
        }
        return TextEngine(
            service: makeService(), tokenizer: tokenizer,
            contextLength: min(configuration.contextLength, tokenCapacity),
            endTokens: Set(configuration.eosTokenIDs),
            style: try (style ?? Settings.current.text(.style)).map(PromptStyle.init(rawValue:))
                ?? PromptStyle(
                    for: ModelFacts(name: name, specialTokens: Set(tokenizer.addedTokens.map(\.content)))),
            model: fingerprint, description: engineDescription, loadDuration: loadDuration,
            adapters: adapters, adapterFinder: adapterLibrary)
    }
}
