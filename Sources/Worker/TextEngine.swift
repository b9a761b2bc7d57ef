public import Generation
public import JobCatalog
public import Tokenization

/// A loaded model as the worker uses it: texts in, texts out, and what to write into results about it.
public struct TextEngine: Sendable {
    public var service: GenerationService
    public var tokenizer: Tokenizer
    /// Tokens of prompt and output together.
    public var contextLength: Int
    /// Tokens that end a text.
    public var endTokens: Set<TokenID>
    /// The family's form of prompts; a job's option `style` wins.
    public var style: PromptStyle
    /// The weights' fingerprint: `results.model`.
    public var model: String
    /// Model, types, threads, version: `attempts.engine`.
    public var description: String
    /// What texts are generated with whose jobs and kinds name no adapters.
    public var adapters: JobAdapters
    /// Finds those that they name; `nil` for an engine that takes none.
    public var adapterFinder: (any AdapterFinder)?
    /// What loading took; charged to the first attempt.
    public var loadDuration: Duration

    public init(
        service: GenerationService, tokenizer: Tokenizer, contextLength: Int, endTokens: Set<TokenID>,
        style: PromptStyle, model: String, description: String, loadDuration: Duration,
        adapters: JobAdapters = .none, adapterFinder: (any AdapterFinder)? = nil
    ) {
        self.service = service
        self.tokenizer = tokenizer
        self.contextLength = contextLength
        self.endTokens = endTokens
        self.style = style
        self.model = model
        self.description = description
        self.loadDuration = loadDuration
        self.adapters = adapters
        self.adapterFinder = adapterFinder
    }

    /// What `results.model` says of a text.
    func model(with adapters: JobAdapters) -> String { model + adapters.fingerprints }

    /// What `attempts.engine` says of it.
    func description(with adapters: JobAdapters) -> String {
        adapters.names.isEmpty ? description : "\(description) adapter=\(adapters.names)"
    }
}
