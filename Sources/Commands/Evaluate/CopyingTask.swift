import Evaluation
import Foundation
import GPTJ
import Generation
import JSONText
import JobCatalog
import Kernels
import ModelFiles
import Tokenization
import Worker

/// Whether a model copies from what stands before: what words cost it at first sight, and when they come again.
struct CopyingTask {
    /// Whose prompt the words stand in that are copied in a task.
    let kind: String
    let style: String?
    let seed: UInt64

    /// Texts that are read where nobody says how many.
    static let usualCount = 100

    /// What it costs to read a text once.
    private struct Reading {
        /// Negative log-likelihood, in nats.
        var nats = 0.0
        /// Tokens that the model found likelier than all others.
        var ranked = 0
    }

    /// What one drill costs.
    private struct Cost {
        /// Tokens that were counted of each time.
        let tokens: Int
        let first: Reading
        let repeated: Reading
    }

    /// What a form of drill gave.
    private struct Figures {
        let form: CopyDrill.Form
        let texts: Int
        let tokens: Int
        let first: Estimate
        let repeated: Estimate
        let ranked: Estimate
    }

    /// - parameter items: those whose documents have too few words are passed over
    func run(_ items: [EvaluationItem], _ options: ModelOptions, asJSON: Bool) throws {
        let definition = try PredictionWriter.definition(of: kind, options: [:])
        let loaded = try options.load()
        let (tokenizer, start) = try loaded.readerOfTexts()
        let promptStyle = try loaded.textEngine(style: style).style
        let reader = SequenceReader(model: loaded.makeModel())
        let forms = CopyDrill.Form.allCases
        let drills = forms.map { form in
            // The same words in both forms that shuffle them.
            var random = SplitMix(seed: seed)
            return items.compactMap { CopyDrill(form, of: $0.document, using: &random) }
        }
        var progress = CountProgress(of: drills.reduce(0) { $0 + $1.count }, verb: "read")
        defer { progress.finish() }
        var done = 0
        var figures: [Figures] = []
        for (form, drills) in zip(forms, drills) {
            var costs: [Cost] = []
            for drill in drills {
                let text = tokenizer.encode(drill.text)
                let before =
                    form == .task
                    ? tokenizer.encode(
                        try definition.prompt(
                            style: promptStyle, inputs: JobInputs(document: drill.text, options: [:])
                        ).pieces)
                    : [start] + text + tokenizer.encode("\n")
                // A word list is short; only a model with a tiny context has no room for it twice.
                if before.count + text.count <= loaded.configuration.contextLength, text.count > 1 {
                    costs.append(
                        Cost(
                            tokens: text.count - 1, first: try cost(of: text, after: [start], reader),
                            repeated: try cost(of: text, after: before, reader)))
                }
                done += 1
                progress.update(done: done)
            }
            if let found = Self.figures(form, costs, seed: seed) { figures.append(found) }
        }
        progress.clear()
        guard !figures.isEmpty else {
            throw CommandError(
                .badData,
                "the set's documents have no words to be repeated, or the model's context is too short for them")
        }
        try print(figures, loaded, asJSON: asJSON)
    }

    /// The first token isn't counted: nothing foretells that a text begins, or begins again.
    private func cost(of text: [TokenID], after before: [TokenID], _ reader: SequenceReader) throws -> Reading {
        let tokens = before + text
        var reading = Reading()
        try reader.read(Array(tokens.dropLast()), from: before.count) { position, logits in
            try logits.requireFinite(position: position)
            let next = tokens[position + 1]
            reading.nats -= LogProbabilities.of(next, in: logits)
            let own = logits[logits.startIndex + Int(next)]
            if !logits.contains(where: { $0 > own }) { reading.ranked += 1 }
        }
        return reading
    }

    private static func figures(_ form: CopyDrill.Form, _ costs: [Cost], seed: UInt64) -> Figures? {
        let tokens = costs.map { Double($0.tokens) }
        guard let first = Estimate(costs.map(\.first.nats), weights: tokens, seed: seed),
            let repeated = Estimate(costs.map(\.repeated.nats), weights: tokens, seed: seed),
            let ranked = Estimate(costs.map { 100 * Double($0.repeated.ranked) }, weights: tokens, seed: seed)
        else { return nil }
        return Figures(
            form: form, texts: costs.count, tokens: costs.reduce(0) { $0 + $1.tokens }, first: first,
            repeated: repeated, ranked: ranked)
    }

    private func print(_ figures: [Figures], _ loaded: LoadedModel, asJSON: Bool) throws {
        if asJSON {
            var object: JSONObject = [
                "task": "copying", "model": .string(loaded.name), "weights": .string(loaded.weightType.rawValue),
                "kv": .string(loaded.keyValueType.rawValue),
            ]
            for found in figures {
                object[found.form.rawValue] = [
                    "texts": .integer(found.texts), "tokens": .integer(found.tokens),
                    "first_nats_per_token": found.first.json, "repeated_nats_per_token": found.repeated.json,
                    "repeated_ranked_first": found.ranked.json,
                ]
            }
            return try Console.print(JSONValue.object(object).text)
        }
        var table = TextTable(
            [TextTable.Column("copying")] + figures.map { TextTable.Column($0.form.title, .right) })
        table.append(["nats a token, first time"] + figures.map { $0.first.text(isShare: false) })
        table.append(["nats a token, second time"] + figures.map { $0.repeated.text(isShare: false) })
        table.append(["second time ranked first %"] + figures.map { $0.ranked.text(isShare: true) })
        for line in table.lines(width: nil, style: Console.outputStyle) { try Console.print(line) }
        let counts = figures.map { "\(counted($0.texts, "text")) of \($0.form.title)" }.joined(separator: ", ")
        Console.note("\(loaded.name), \(counts); mean [95 % interval]")
    }
}

extension LoadedModel {
    /// The tokenizer, and the token that texts begin behind.
    ///
    /// - throws: ``CommandError`` for a model that reads no texts.
    func readerOfTexts() throws -> (Tokenizer, start: TokenID) {
        guard let tokenizer else {
            throw CommandError(.unavailable, "\(located.url.path): there is no tokenizer, so it reads no texts")
        }
        guard let start = tokenizer.id(ofToken: "<|endoftext|>") ?? configuration.eosTokenIDs.first else {
            throw CommandError(.badData, "\(located.url.path): there is no end-of-text token to begin texts with")
        }
        return (tokenizer, start)
    }
}
