import JSONText
import JobCatalog
import JobStore
import Tokenization

/// A prompt and the text that a person holds for good.
struct ReviewedPair: Sendable {
    let id: Int64
    let kind: String
    let verdict: String
    let style: String
    /// What the template says is trusted, what the job brought is plain: tokenize it so.
    let prompt: [TextPiece]
    let completion: String
    /// Where a text of the kind ends: what may follow the completion.
    let stopStrings: [String]

    var json: JSONValue {
        [
            "id": .integer(Int(id)), "kind": .string(kind), "verdict": .string(verdict), "style": .string(style),
            "prompt": .string(prompt.map(\.text).joined()), "completion": .string(completion),
        ]
    }
}

/// Why a result makes no pair.
struct PairProblem: Error, CustomStringConvertible {
    let description: String
}

/// Renders the prompts of reviewed results again, by the definitions that they were made by.
///
/// Results of before definitions were kept are rendered by the kinds as they are now.
final class ReviewedPairs {
    private let style: PromptStyle?
    private let catalog = JobCatalog.ofUser
    /// By kind and text, since a queue has many results by few definitions.
    private var definitions: [[String]: JobDefinition] = [:]

    /// - parameter style: in place of the one that each text was made with
    init(style: String? = nil) { self.style = style.map(PromptStyle.init(rawValue:)) }

    /// - throws: ``PairProblem``.
    func pair(_ job: ReviewedJob) throws(PairProblem) -> ReviewedPair {
        do {
            let definition = try definition(of: job)
            guard let style = style ?? job.style.map(PromptStyle.init(rawValue:)) ?? definition.styles.first else {
                throw PairProblem(description: "nobody knows the style of its prompt; give --style")
            }
            let takesQuestion = definition.inputs[.question] != nil
            let prompt = try definition.prompt(
                style: style,
                inputs: JobInputs(
                    document: definition.inputs[.document] == nil ? nil : job.document, title: job.title,
                    question: takesQuestion ? job.question : nil, options: JobOptions.parse(json: job.optionsJSON)))
            return ReviewedPair(
                id: job.id, kind: job.kind, verdict: job.verdict, style: prompt.style.rawValue, prompt: prompt.pieces,
                completion: job.completion, stopStrings: prompt.stopStrings)
        } catch let problem as PairProblem {
            throw problem
        } catch {
            throw PairProblem(description: String(describing: error))
        }
    }

    private func definition(of job: ReviewedJob) throws -> JobDefinition {
        guard let text = job.definition else { return try catalog.definition(named: job.kind) }
        if let known = definitions[[job.kind, text]] { return known }
        let definition = try JobDefinition(yaml: text, kind: job.kind)
        definitions[[job.kind, text]] = definition
        return definition
    }
}
