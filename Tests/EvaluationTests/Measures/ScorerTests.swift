import Evaluation
import Testing

@Suite("Scores of a set")
struct ScorerTests {
    private let item = EvaluationItem(
        document: "The river rose in May. The old bridge fell. Nobody was hurt.", question: "What fell?",
        references: ["the old bridge"])

    @Test("baselines are the first sentences, the best one, and the text")
    func baselines() {
        #expect(Baseline.lead1.prediction(for: item) == "The river rose in May.")
        #expect(Baseline.lead3.prediction(for: item) == item.document)
        #expect(Baseline.bestOverlap.prediction(for: item) == "The old bridge fell.")
        #expect(Baseline.copy.prediction(for: item) == item.document)
        #expect(Baseline.lead1.prediction(for: EvaluationItem(document: "")) == "")
    }

    @Test("answers are scored as answers")
    func answers() {
        let scores = Scorer(task: .answer, stems: true).scores(of: "The old bridge", for: item)
        #expect(scores[.exactMatch] == 1 && scores[.f1] == 1 && scores[.noAnswer] == 0 && scores[.invented] == 0)
        #expect(scores[.rouge1] == nil)
    }

    @Test("invented words are the content words that the source lacks, repeated ones the runs of four")
    func invented() {
        let scores = Scorer(task: .summarize, stems: true)
            .scores(of: "The old tower fell the old tower fell the old tower", for: item)
        // old tower fell old tower fell old tower: three times tower of eight.
        #expect(scores[.invented] == 3.0 / 8)
        // Eight runs of four, of which four different ones.
        #expect(scores[.repetition] == 0.5 && scores[.repeating] == 1)
        #expect(scores[.words] == 11)
    }

    @Test("without references only what needs none is measured")
    func withoutReferences() {
        var item = item
        item.references = nil
        for task in EvaluationTask.allCases {
            let scores = Scorer(task: task, stems: true).scores(of: "The bridge", for: item)
            #expect(scores[.rouge1] == nil && scores[.f1] == nil && scores[.sari] == nil)
            #expect(scores[.coverage] == 1)
        }
    }

    @Test("means are over the texts that a measure could be taken of")
    func means() throws {
        var scores = SystemScores(name: "x")
        scores.add([.rouge1: 0.5, .words: 3])
        scores.add([.words: 5])
        #expect(try #require(scores.estimate(.rouge1, seed: 1)).mean == 50)
        #expect(try #require(scores.estimate(.words, seed: 1)).mean == 4)
        #expect(scores.estimate(.sari, seed: 1) == nil && scores.count == 2)
    }
}
