import Evaluation
import Foundation
import JSONText

/// Scores a set's texts and the baselines beside them, and shows both.
struct EvaluationReport {
    enum Form { case table, json }

    private let scorer: Scorer
    private let seed: UInt64
    private let items: [EvaluationItem]
    private let form: Form
    private let stems: Bool
    /// The texts that came or were written; `nil` for the baselines alone.
    private var texts: SystemScores?
    /// What other kinds wrote of the same items.
    private var rivals: [SystemScores]
    private var baselines: [(baseline: Baseline, scores: SystemScores)]

    /// - parameters:
    ///   - system: what the texts are called; `nil` for the baselines alone
    ///   - rivals: what the items' further texts are called, in their order
    init(
        task: EvaluationTask, stems: Bool, seed: UInt64, system: String?, rivals: [String] = [],
        items: [EvaluationItem], isShownAs form: Form
    ) {
        scorer = Scorer(task: task, stems: stems)
        self.seed = seed
        self.items = items
        self.form = form
        self.stems = stems
        texts = system.map { SystemScores(name: $0) }
        self.rivals = rivals.map { SystemScores(name: $0) }
        baselines = task.baselines.map { ($0, SystemScores(name: $0.rawValue)) }
    }

    mutating func score(keeping keeper: PredictionKeeper?) throws {
        var progress = CountProgress(of: items.count, verb: "scored")
        defer { progress.finish() }
        for (index, item) in items.enumerated() {
            if let prediction = item.prediction, texts != nil {
                let scores = scorer.scores(of: prediction, for: item)
                texts?.add(scores)
                try keeper?.keep(item, prediction: prediction, scores: scores)
            }
            for (place, text) in item.rivals.enumerated() where rivals.indices.contains(place) {
                rivals[place].add(scorer.scores(of: text, for: item))
            }
            for place in baselines.indices {
                let prediction = baselines[place].baseline.prediction(for: item)
                baselines[place].scores.add(scorer.scores(of: prediction, for: item))
            }
            progress.update(done: index + 1)
        }
    }

    private var systems: [SystemScores] { [texts].compactMap(\.self) + rivals + baselines.map(\.scores) }

    func print() throws {
        let estimates = systems.map { system in
            (
                name: system.name,
                values: scorer.task.measures.map { measure in (measure, system.estimate(measure, seed: seed)) }
            )
        }
        switch form {
        case .json: try Console.print(json(estimates).text)
        case .table: try printTable(estimates)
        }
    }

    private typealias Estimates = [(name: String, values: [(measure: Measure, estimate: Estimate?)])]

    private func json(_ systems: Estimates) -> JSONValue {
        [
            "task": .string(scorer.task.rawValue), "items": .integer(items.count), "stemming": .bool(stems),
            "systems": .array(
                systems.map { system in
                    let measures = system.values.compactMap { measure, estimate in
                        estimate.map { JSONObject.Member(name: measure.rawValue, value: $0.json) }
                    }
                    return ["name": .string(system.name), "measures": .object(JSONObject(members: measures))]
                }),
        ]
    }

    private func printTable(_ systems: Estimates) throws {
        var table = TextTable(
            [TextTable.Column(scorer.task.rawValue)] + systems.map { TextTable.Column($0.name, .right) })
        for (index, measure) in scorer.task.measures.enumerated() {
            let cells = systems.map { $0.values[index].estimate?.text(isShare: measure.isShare) ?? "" }
            // What the set has no references for isn't there at all.
            guard cells.contains(where: { !$0.isEmpty }) else { continue }
            table.append([measure.title + (measure.isShare ? " %" : "")] + cells)
        }
        for line in table.lines(width: nil, style: Console.outputStyle) { try Console.print(line) }
        Console.note(
            "\(counted(items.count, "item")), mean [95 % interval]"
                + (scorer.task == .answer ? "" : stems ? ", ROUGE with stemming" : ", ROUGE without stemming"))
    }
}

extension Estimate {
    var json: JSONValue {
        ["mean": .number(mean), "low": .number(low), "high": .number(high), "n": .integer(count)]
    }

    /// "37.2 [33.0, 41.5]".
    func text(isShare: Bool) -> String {
        func number(_ value: Double) -> String { String(format: isShare ? "%.1f" : "%.2f", value) }
        return "\(number(mean)) [\(number(low)), \(number(high))]"
    }
}
