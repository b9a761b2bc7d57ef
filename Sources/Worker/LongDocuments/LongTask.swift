package import JobCatalog
import JobStore

/// A job with its prompt, for whoever makes something fit of it.
struct LongTask: Sendable {
    let job: ClaimedJob
    let definition: JobDefinition
    /// Over the whole document.
    let prompt: RenderedPrompt
    let document: String

    /// The prompt over another document.
    func prompt(over document: String) -> RenderedPrompt {
        prompt.replacingDocument(with: definition.trimmed(document))
    }
}

extension OverflowPolicy {
    /// Whether what is too long becomes jobs of its own.
    package var dividesIntoParts: Bool { self == .mapReduce || self == .sections }
}
