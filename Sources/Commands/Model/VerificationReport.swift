import Foundation
import GPTJ
import JSONText
import Kernels
import ModelFiles

/// What `model verify` found, as text and as JSON.
struct VerificationReport {
    /// The folder, or the GGUF file.
    let url: URL
    let weights: CheckpointVerification
    let tokenizer: TokenizerSummary
    let problems: [ModelProblem]

    /// Names and problems that are listed of each kind for a person; the JSON has all.
    private static let listLength = 20

    var text: String {
        var table = AlignedRows()
        table.append("model", url.path)
        table.append(
            "tensors", "\(weights.readCount) of \(weights.demandedCount) read, \(weights.readByteCount.byteText)")
        if let range = weights.values.range {
            table.append("values", "from \(range.lowerBound) to \(range.upperBound)")
        }
        table.append("tokenizer", tokenizer.text)
        Self.list("buffers", weights.buffers, note: "not used", in: &table)
        Self.list("unexpected", weights.unexpected, note: "GPT-J has no use for them", in: &table)
        if problems.isEmpty {
            table.append("result", "nothing is wrong")
        } else {
            Self.list("problems", problems.map(\.description), note: nil, in: &table)
        }
        return table.text
    }

    /// Appends a count, and one row for each of the texts up to the limit.
    private static func list(_ label: String, _ texts: [String], note: String?, in table: inout AlignedRows) {
        if texts.isEmpty { return }
        table.append(label, "\(texts.count)" + (note.map { ", \($0)" } ?? ""))
        for text in texts.prefix(listLength) { table.append("", text) }
        if texts.count > listLength { table.append("", "… and \(texts.count - listLength) more; --json lists all") }
    }

    var json: JSONValue {
        let range = weights.values.range
        return [
            "model": .string(url.path), "ok": .bool(problems.isEmpty),
            "tensors": .integer(weights.readCount), "tensors_expected": .integer(weights.demandedCount),
            "bytes": .integer(weights.readByteCount), "nan": .integer(weights.values.nanCount),
            "infinite": .integer(weights.values.infinityCount),
            "minimum": range?.lowerBound.json ?? .null,
            "maximum": range?.upperBound.json ?? .null,
            "buffers": .array(weights.buffers.map { .string($0) }),
            "unexpected": .array(weights.unexpected.map { .string($0) }), "tokenizer": tokenizer.json,
            "problems": .array(problems.map(\.json)),
        ]
    }

    /// The report about a model that can't be opened.
    static func json(of error: ModelFileError, url: URL) -> JSONValue {
        let problem = ModelProblem(path: url.path, problem: error.description)
        return ["model": .string(url.path), "ok": false, "problems": [problem.json]]
    }
}
