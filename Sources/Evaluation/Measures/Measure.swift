import JobCatalog

/// A figure that texts are judged by.
public enum Measure: String, CaseIterable, Sendable {
    case rouge1, rouge2, rougeL, rougeLsum
    case exactMatch = "exact_match"
    case f1, sari
    /// Texts that are their source.
    case identical
    /// Texts that say that there is no answer.
    case noAnswer = "no_answer"
    /// Words in runs that stand in the source: extractive coverage.
    case coverage
    /// The mean length of those runs, for each word of the text: extractive density.
    case density
    /// Runs of four words that stand in the source.
    case copied4 = "copied_4_grams"
    /// Content words that don't stand in the source.
    case invented
    /// Runs of four words that stood in the text before.
    case repetition
    /// Texts with such a run.
    case repeating
    /// Words of the text.
    case words

    /// What a table calls it.
    public var title: String {
        switch self {
        case .rouge1: "ROUGE-1"
        case .rouge2: "ROUGE-2"
        case .rougeL: "ROUGE-L"
        case .rougeLsum: "ROUGE-Lsum"
        case .exactMatch: "exact match"
        case .f1: "F1"
        case .sari: "SARI"
        case .identical: "same as the source"
        case .noAnswer: "no answer"
        case .coverage: "words copied (coverage)"
        case .density: "length of copies (density)"
        case .copied4: "4-grams copied"
        case .invented: "words invented"
        case .repetition: "4-grams repeated"
        case .repeating: "texts that repeat"
        case .words: "words"
        }
    }

    /// Whether values are shares, told in hundredths.
    public var isShare: Bool { self != .density && self != .words }
}

/// What is asked of the texts of a set, with the measures and baselines that fit.
public enum EvaluationTask: String, CaseIterable, Sendable {
    case summarize, paraphrase, answer

    /// In the order of a table.
    public var measures: [Measure] {
        let common: [Measure] = [.coverage, .density, .copied4, .invented, .repetition, .repeating, .words]
        return switch self {
        case .summarize: [.rouge1, .rouge2, .rougeL, .rougeLsum] + common
        case .paraphrase: [.rouge1, .rouge2, .rougeL, .sari, .identical] + common
        case .answer: [.exactMatch, .f1, .noAnswer, .coverage, .invented, .words]
        }
    }

    public var baselines: [Baseline] {
        switch self {
        case .summarize: [.lead1, .lead3]
        case .paraphrase: [.copy]
        case .answer: [.bestOverlap]
        }
    }
}

/// Scores predictions for the items of a set.
public struct Scorer: Sendable {
    public let task: EvaluationTask
    private let rouge: RougeScorer

    /// - parameter stems: whether ROUGE compares stems
    public init(task: EvaluationTask, stems: Bool) {
        self.task = task
        rouge = RougeScorer(stems: stems)
    }

    /// The measures that can be taken of one prediction; those that need references only where the item has them.
    public func scores(of prediction: String, for item: EvaluationItem) -> [Measure: Double] {
        var scores: [Measure: Double] = [:]
        switch task {
        case .answer: addAnswerScores(of: prediction, for: item, to: &scores)
        case .summarize, .paraphrase: addTextScores(of: prediction, for: item, to: &scores)
        }
        if let copied = CopyMeasures(of: prediction, from: item.document) {
            scores[.coverage] = copied.coverage
            scores[.density] = copied.density
            scores[.copied4] = copied.copiedFourGrams
        }
        scores[.invented] = TextMeasures.grounding(of: prediction, in: item.document).map { 1 - $0 }
        scores[.repetition] = TextMeasures.repetition(in: prediction)
        scores[.repeating] = scores[.repetition].map { $0 > 0 ? 1 : 0 }
        scores[.words] = Double(TextMeasures.words(in: prediction).count)
        return scores.filter { task.measures.contains($0.key) }
    }

    private func addAnswerScores(
        of prediction: String, for item: EvaluationItem, to scores: inout [Measure: Double]
    ) {
        if let references = item.references {
            let score = AnswerScore(prediction, references: references)
            (scores[.exactMatch], scores[.f1]) = (score.exactMatch, score.f1)
        }
        scores[.noAnswer] = AnswerScore.saysNothing(prediction) ? 1 : 0
    }

    private func addTextScores(of prediction: String, for item: EvaluationItem, to scores: inout [Measure: Double]) {
        scores[.identical] = TextMeasures.words(in: prediction) == TextMeasures.words(in: item.document) ? 1 : 0
        guard let references = item.references, !references.isEmpty else { return }
        // Lsum compares sentences by lines.
        let byLine = { (text: String) in Sentences.of(text).joined(separator: "\n") }
        let scored = rouge.score(byLine(prediction), references: references.map(byLine))
        scores[.rouge1] = scored.rouge1.fMeasure
        scores[.rouge2] = scored.rouge2.fMeasure
        scores[.rougeL] = scored.rougeL.fMeasure
        scores[.rougeLsum] = scored.rougeLsum.fMeasure
        scores[.sari] = Sari.score(source: item.document, prediction: prediction, references: references)
    }
}
