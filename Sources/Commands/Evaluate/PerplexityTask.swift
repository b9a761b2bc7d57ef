import Evaluation
import Foundation
import GPTJ
import Generation
import JSONText
import Kernels
import ModelFiles
import Tokenization

/// How well a model predicts texts. Counted for each byte, models with other tokenizers can be compared.
struct PerplexityTask {
    /// Tokens that are read together; each window begins with the last token of the one before, so that every token of a
    /// text is predicted once.
    let window: Int
    let seed: UInt64

    /// What a text costs.
    private struct Cost {
        /// Negative log-likelihood, in nats.
        var nats = 0.0
        var tokens = 0
        var bytes = 0
    }

    func run(_ items: [EvaluationItem], _ options: ModelOptions, asJSON: Bool) throws {
        let loaded = try options.load()
        let (tokenizer, start) = try loaded.readerOfTexts()
        let reader = SequenceReader(model: loaded.makeModel())
        let length = min(window, loaded.configuration.contextLength)
        var costs: [Cost] = []
        var progress = CountProgress(of: items.count, verb: "read")
        defer { progress.finish() }
        for item in items where !item.document.isEmpty {
            costs.append(try cost(of: item.document, [start] + tokenizer.encode(item.document), reader, length))
            progress.update(done: costs.count)
        }
        progress.clear()
        try print(costs, loaded, window: length, asJSON: asJSON)
    }

    private func cost(of text: String, _ tokens: [TokenID], _ reader: SequenceReader, _ length: Int) throws -> Cost {
        var cost = Cost(tokens: tokens.count - 1, bytes: text.utf8.count)
        var start = 0
        while start < tokens.count - 1 {
            let end = min(start + length, tokens.count)
            // The last token of a window predicts what the next window begins with, or nothing.
            try reader.read(Array(tokens[start..<end - 1])) { position, logits in
                try logits.requireFinite(position: start + position)
                cost.nats -= LogProbabilities.of(tokens[start + position + 1], in: logits)
            }
            start = end - 1
        }
        return cost
    }

    private func print(_ costs: [Cost], _ loaded: LoadedModel, window: Int, asJSON: Bool) throws {
        func estimate(_ weight: KeyPath<Cost, Int>) -> Estimate? {
            Estimate(costs.map(\.nats), weights: costs.map { Double($0[keyPath: weight]) }, seed: seed)
        }
        guard let byte = estimate(\.bytes), let token = estimate(\.tokens) else {
            throw CommandError(.badData, "the set's documents are empty")
        }
        let figures: [(name: String, title: String, estimate: Estimate, value: (Double) -> Double)] = [
            ("perplexity_per_byte", "perplexity a byte", byte, { exp($0) }),
            ("bits_per_byte", "bits a byte", byte, { $0 / log(2) }),
            ("perplexity_per_token", "perplexity a token", token, { exp($0) }),
        ]
        let bytes = costs.reduce(0) { $0 + $1.bytes }
        let tokens = costs.reduce(0) { $0 + $1.tokens }
        if asJSON {
            var object: JSONObject = [
                "task": "perplexity", "model": .string(loaded.name), "weights": .string(loaded.weightType.rawValue),
                "kv": .string(loaded.keyValueType.rawValue), "texts": .integer(costs.count), "bytes": .integer(bytes),
                "tokens": .integer(tokens), "window": .integer(window),
            ]
            for figure in figures {
                let (value, estimate) = (figure.value, figure.estimate)
                object[figure.name] = [
                    "mean": .number(value(estimate.mean)), "low": .number(value(estimate.low)),
                    "high": .number(value(estimate.high)),
                ]
            }
            return try Console.print(JSONValue.object(object).text)
        }
        var table = TextTable([TextTable.Column("perplexity"), TextTable.Column(loaded.name, .right)])
        for figure in figures {
            func number(_ value: Double) -> String { String(format: "%.4f", figure.value(value)) }
            table.append([
                figure.title,
                "\(number(figure.estimate.mean)) [\(number(figure.estimate.low)), \(number(figure.estimate.high))]",
            ])
        }
        for line in table.lines(width: nil, style: Console.outputStyle) { try Console.print(line) }
        Console.note(
            "\(counted(costs.count, "text")), \(tokens.grouped) tokens, \(bytes.grouped) bytes, windows of \(window); "
                + "mean [95 % interval]")
    }
}
