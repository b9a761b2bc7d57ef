import ArgumentParser
import Foundation
import GPTJ
import Generation
import JSONText
import Kernels
import Tokenization
import Worker

struct PerplexityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perplexity",
        abstract: "How well the model predicts a text, and what quantized weights, keys and values cost it.",
        discussion: """
            Token ids are cut into windows that are read separately; the mean is that of the negative log-likelihoods of \
            all ids but each window's first. Where weights become int8 or int4 when they're loaded, or keys and values \
            are held in fewer bits, the file's own weights are run too, with keys and values in f32, and the change of \
            perplexity and the mean divergence (Kullback and Leibler 1951) of the distributions are told.

            EXAMPLES
              nightshift engine perplexity --model ./gpt-j-6b --weights int8 --ids heldout_ids.json
            """)

    @OptionGroup var options: ModelOptions

    @Option(help: ArgumentHelp("A JSON list of token ids.", valueName: "file"))
    var ids: String

    @Option(help: "Ids to a window; what is left at the end isn't used.")
    var window = 500

    @Flag(help: "One JSON object.")
    var json = false

    func validate() throws {
        guard window >= 2 else { throw ValidationError("--window takes at least 2") }
    }

    func run() async throws {
        let windows = try self.windows()
        let compute = try options.makeCompute()
        let loaded = try options.load()
        let measure = PerplexityMeasure(
            stored: SequenceReader(
                model: loaded.makeModel(weights: loaded.stored, keyValues: .f32, on: compute),
                adapters: loaded.adapters.mix),
            measured: loaded.isExact
                ? nil
                : SequenceReader(
                    model: loaded.makeModel(weights: loaded.weights, on: compute), adapters: loaded.adapters.mix))
        let line = ProgressLine()
        var total = PerplexityMeasure.Sums()
        for (index, window) in windows.enumerated() {
            line.update("window \(index + 1) of \(windows.count)")
            total.add(try measure.read(window))
        }
        line.clear()
        try Console.print(json ? object(total, windows.count, loaded).text : text(total, loaded))
    }

    private func windows() throws -> [[TokenID]] {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: ids)))
        guard case .object(let fields) = try JSONParser.parse(Array("{\"ids\":".utf8) + bytes + Array("}".utf8)),
            let tokens = try RequestFields(fields).tokens("ids"), tokens.count >= window
        else { throw CommandError(.usage, "\(ids) holds no window of \(window) ids") }
        return stride(from: 0, through: tokens.count - window, by: window).map { Array(tokens[$0..<$0 + window]) }
    }

    private func object(
        _ sums: PerplexityMeasure.Sums, _ windows: Int, _ loaded: LoadedModel
    ) -> JSONValue {
        var object: JSONObject = [
            "weights": .string(loaded.weightType.rawValue), "kv": .string(loaded.keyValueType.rawValue),
            "windows": .integer(windows),
            "predictions": .integer(sums.count), "nll": .number(sums.mean(sums.own)),
            "perplexity": .number(exp(sums.mean(sums.own))),
        ]
        if !loaded.isExact {
            object["f32_nll"] = .number(sums.mean(sums.stored))
            object["perplexity_change"] = .number(sums.change)
            object["divergence"] = .number(sums.mean(sums.divergence))
        }
        return .object(object)
    }

    private func text(_ sums: PerplexityMeasure.Sums, _ loaded: LoadedModel) -> String {
        func number(_ value: Double, _ digits: Int) -> String {
            value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
        }
        let own =
            "\(loaded.weightType), \(loaded.keyValueType) keys and values: perplexity \(number(exp(sums.mean(sums.own)), 4))"
            + ", mean negative log-likelihood \(number(sums.mean(sums.own), 6)) over \(sums.count) predictions"
        if loaded.isExact { return own }
        return own
            + "\nthe file's weights with f32 keys and values: perplexity \(number(exp(sums.mean(sums.stored)), 4)); change "
            + "\(number(sums.change * 100, 3)) %, divergence \(number(sums.mean(sums.divergence), 6)) nats"
    }
}

/// Reads windows with one or two models.
private struct PerplexityMeasure {
    /// The weights as the file has them, with exact keys and values.
    let stored: SequenceReader
    /// What is measured; `nil` where it's the same.
    let measured: SequenceReader?

    /// Over all predictions.
    struct Sums {
        var count = 0
        /// Negative log-likelihoods of the weights as stored, and of those that are measured, in nats.
        var stored = 0.0
        var own = 0.0
        /// Of the measured distributions from those of the stored weights.
        var divergence = 0.0

        mutating func add(_ other: Sums) {
            count += other.count
            stored += other.stored
            own += other.own
            divergence += other.divergence
        }

        func mean(_ sum: Double) -> Double { sum / Double(max(count, 1)) }
        /// Of the perplexity, as a share of it.
        var change: Double { exp(mean(own) - mean(stored)) - 1 }
    }

    func read(_ tokens: [TokenID]) throws -> Sums {
        var sums = Sums()
        let inputs = Array(tokens.dropLast())
        // The first model's distributions, a float for each id of the vocabulary: 25 MB for 128 of GPT-J's.
        var expected: [[Float]] = []
        try stored.read(inputs) { position, logits in
            try logits.requireFinite(position: position)
            sums.stored -= LogProbabilities.of(tokens[position + 1], in: logits)
            if measured != nil { expected.append(Array(logits)) }
        }
        sums.count = inputs.count
        sums.own = sums.stored
        guard let measured else { return sums }
        sums.own = 0
        try measured.read(inputs) { position, logits in
            try logits.requireFinite(position: position)
            sums.own -= LogProbabilities.of(tokens[position + 1], in: logits)
            sums.divergence += Self.divergence(expected[position][...], logits)
        }
        return sums
    }

    /// `sum over i of p[i] (log p[i] - log q[i])`, of the softmax of both.
    private static func divergence(_ p: ArraySlice<Float>, _ q: ArraySlice<Float>) -> Double {
        let (normalP, normalQ) = (LogProbabilities.logSumExp(p), LogProbabilities.logSumExp(q))
        return zip(p, q).reduce(0) { sum, pair in
            let own = Double(pair.0) - normalP
            return sum + exp(own) * (own - (Double(pair.1) - normalQ))
        }
    }
}
