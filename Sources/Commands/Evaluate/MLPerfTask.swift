import Evaluation
import Foundation
import JSONText
import JobCatalog
import JobStore
import Kernels
import Tokenization
import Worker

/// Scores a folder by the rules of MLPerf's GPT-J benchmark, and makes the summaries where there are none.
struct MLPerfTask {
    static let dataSetName = "cnn_eval.json"
    static let logName = "mlperf_log_accuracy.json"
    static let journalName = "nightshift_predictions.jsonl"

    let folder: String
    let kind: String
    let options: [String: JSONValue]
    let style: String?
    let ids: AccuracyLog.IDType
    let limit: Int?
    let seed: UInt64
    let modelOptions: ModelOptions

    private func path(_ name: String) -> String { URL(filePath: folder).appending(path: name).path }

    func run(asJSON: Bool) async throws {
        let dataSet = try MLPerfDataset(path: path(Self.dataSetName))
        let log: AccuracyLog
        let tokenizer: Tokenizer
        if FileManager.default.fileExists(atPath: path(Self.logName)) {
            tokenizer = try modelOptions.loadTokenizer()
            log = try AccuracyLog(
                path: path(Self.logName), type: ids, sampleCount: dataSet.samples.count,
                vocabularySize: tokenizer.vocabularySize)
            if log.doubleCount > 0 {
                Console.note("nightshift: left out what stands twice: \(counted(log.doubleCount, "text"))")
            }
        } else {
            (log, tokenizer) = try await summarize(dataSet)
        }
        guard !log.entries.isEmpty else {
            throw CommandError(.badData, "\(path(Self.logName)): there are no summaries")
        }
        let score = MLPerfScore(
            log.entries.map { entry in
                (tokenizer.decode(entry.tokens, skipSpecial: true), dataSet.samples[entry.sample].highlights)
            })
        try print(score, articles: dataSet.samples.count, asJSON: asJSON)
    }

    // MARK: - Summaries

    /// Makes the summaries that the journal lacks; once it has all, they're written in MLPerf's form.
    private func summarize(_ dataSet: MLPerfDataset) async throws -> (AccuracyLog, Tokenizer) {
        let writer = try PredictionWriter(
            kind: kind, options: options, style: style, modelOptions: modelOptions, setName: dataSet.path)
        let journal = try PredictionJournal(
            path: path(Self.journalName), origin: origin(dataSet, writer), sampleCount: dataSet.samples.count,
            vocabularySize: writer.tokenizer.vocabularySize)
        let done = Set(journal.entries.map(\.sample))
        let wanted = Sampling.draw(limit, of: Array(dataSet.samples.indices), seed: seed)
        let missing = wanted.filter { !done.contains($0) }
        if !done.isEmpty { Console.note("\(counted(done.count, "text")) there already, \(missing.count) to write") }
        var failures = 0
        let takesInstruction = writer.takesOption("instruction")
        let orders = missing.map { sample in
            PredictionWriter.Order(
                number: sample + 1, document: dataSet.samples[sample].article,
                options: takesInstruction ? ["instruction": .string(dataSet.samples[sample].instruction)] : [:])
        }
        try await writer.write(orders) { place, outcome in
            guard case .completed = outcome.ending else {
                failures += 1
                if case .failed(let failure) = outcome.ending {
                    Console.noteForeign("nightshift: \(dataSet.path): entry \(missing[place]): \(failure.message)")
                }
                return
            }
            try journal.append(AccuracyLog.Entry(sample: missing[place], tokens: outcome.tokens))
        }
        try journal.synchronize()
        if failures > 0 {
            throw CommandError(
                .someFailed, "\(counted(failures, "article")) could not be summarized, see above; nothing is scored")
        }
        let chosen = Set(wanted)
        let log = AccuracyLog(
            journal.entries.filter { chosen.contains($0.sample) }.sorted { $0.sample < $1.sample })
        if log.entries.count == dataSet.samples.count {
            let file = try OutputFile(path: path(Self.logName), replaces: false)
            try file.write(log.json(ids))
            try file.finish()
            Console.noteForeign("wrote \(path(Self.logName))")
        }
        return (log, writer.tokenizer)
    }

    /// All that the summaries depend on.
    private func origin(_ dataSet: MLPerfDataset, _ writer: PredictionWriter) -> JSONObject {
        var digest = TextDigest()
        for sample in dataSet.samples {
            digest.add(sample.instruction)
            digest.add(sample.article)
        }
        var definition = TextDigest()
        definition.add(writer.definitionText)
        return [
            "model": .string(writer.loaded.fingerprint), "weights": .string(writer.loaded.weightType.rawValue),
            "kv": .string(writer.loaded.keyValueType.rawValue), "kind": .string(writer.kind),
            "definition": .string(definition.text), "options": .object(JSONObject(options)),
            "style": style.map { .string($0) } ?? .null,
            "articles": .integer(dataSet.samples.count), "data": .string(digest.text),
        ]
    }

    // MARK: - Figures

    private func print(_ score: MLPerfScore, articles: Int, asJSON: Bool) throws {
        let verdicts = [0.99, 0.999].compactMap { score.verdict(share: $0) }
        if asJSON {
            return try Console.print(
                ([
                    "task": "mlperf", "rouge1": .number(score.rouge1), "rouge2": .number(score.rouge2),
                    "rougeL": .number(score.rougeL), "rougeLsum": .number(score.rougeLsum),
                    "gen_len": .integer(score.generatedLength), "gen_num": .integer(score.count),
                    "articles": .integer(articles),
                    "verdicts": .array(
                        verdicts.map { verdict in
                            [
                                "share": .number(verdict.share), "passes": .bool(verdict.passes),
                                "misses": .array(verdict.misses.map { .string($0) }),
                            ]
                        }),
                ] as JSONValue).text)
        }
        var table = TextTable(
            [
                .init("mlperf"), .init("score", .right), .init("reference", .right), .init("99.9 %", .right),
                .init("99 %", .right),
            ])
        let reference = MLPerfScore.reference
        let rows = [
            ("rouge1", score.rouge1, reference.rouge1), ("rouge2", score.rouge2, reference.rouge2),
            ("rougeL", score.rougeL, reference.rougeL),
        ]
        func number(_ value: Double) -> String { String(format: "%.4f", value) }
        for (name, value, wanted) in rows {
            table.append([name, number(value), number(wanted), number(0.999 * wanted), number(0.99 * wanted)])
        }
        let least = Int((0.9 * Double(reference.generatedLength)).rounded(.up))
        table.append(["rougeLsum", number(score.rougeLsum), "", "", ""])
        table.append([
            "gen_len", score.generatedLength.grouped, reference.generatedLength.grouped, least.grouped, least.grouped,
        ])
        table.append(["gen_num", score.count.grouped, MLPerfDataset.fullCount.grouped, "", ""])
        for line in table.lines(width: nil, style: Console.outputStyle) { try Console.print(line) }
        if verdicts.isEmpty {
            Console.note(
                "no verdict: \(counted(score.count, "text")), and the benchmark takes all "
                    + "\(MLPerfDataset.fullCount.grouped) articles of its validation set")
        }
        for verdict in verdicts {
            try Console.print(
                "\(verdict.share == 0.99 ? "99 %" : "99.9 %"): "
                    + (verdict.passes ? "passed" : "failed, too low: \(verdict.misses.joined(separator: ", "))"))
        }
    }
}

/// Tells texts apart that nobody made to look alike: FNV-1a of 64 bits (Fowler, Noll and Vo).
private struct TextDigest {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    /// Adds a text and its length.
    mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte) }
        for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: text.utf8.count >> shift)) }
    }

    private mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }

    var text: String { String(state, radix: 16) }
}
