import Generation
import JobCatalog

/// Whether a job's text is what the model has written or that the document doesn't tell; see `NoAnswer`.
struct AnswerChoice {
    /// Nats per token by which the written text is likelier.
    let margin: Double
    let isNoAnswer: Bool
    /// That the document doesn't tell.
    let text: String
    /// Of that text.
    let meanLogprob: Double

    /// `nil` where there is nothing to choose from.
    ///
    /// - parameters:
    ///   - output: what the model has written; where it doesn't meet its constraint, it isn't chosen
    ///   - noAnswer: the text that says that the document doesn't tell, scored
    init?(_ output: GenerationOutput, against noAnswer: GenerationOutput?, by rule: NoAnswer?) {
        guard let rule, let noAnswer, let meanLogprob = noAnswer.meanLogprob else { return nil }
        // The text that is scored has no end token.
        let written = output.tokenLogprobs.dropLast(output.hasEndToken ? 1 : 0)
        let mean = written.isEmpty ? -.infinity : written.reduce(0, +) / Double(written.count)
        margin = mean - meanLogprob
        isNoAnswer = output.meetsConstraint == false || !(margin >= rule.threshold)
        text = rule.text
        self.meanLogprob = meanLogprob
    }
}
