import Evaluation
import JSONText
import Kernels

/// A file of texts with their scores, which is a set again: JSON lines, written whole or not at all.
final class PredictionKeeper {
    private let file: OutputFile
    private var pending: [UInt8] = []

    /// - throws: `OutputFileError`, also where the name is taken and not to be replaced.
    init(path: String, replaces: Bool) throws { file = try OutputFile(path: path, replaces: replaces) }

    func keep(_ item: EvaluationItem, prediction: String, scores: [Measure: Double]) throws {
        var object = JSONObject()
        object["id"] = item.id.map { .string($0) }
        object["document"] = .string(item.document)
        object["question"] = item.question.map { .string($0) }
        object["references"] = item.references.map { .array($0.map { .string($0) }) }
        object["prediction"] = .string(prediction)
        object["scores"] = .object(
            JSONObject(
                members: Measure.allCases.compactMap { measure in
                    scores[measure].map { JSONObject.Member(name: measure.rawValue, value: .number($0)) }
                }))
        pending += Array(JSONValue.object(object).text.utf8) + [0x0A]
        if pending.count >= 1 << 20 { try flush() }
    }

    func finish() throws {
        try flush()
        try file.finish()
    }

    private func flush() throws {
        try file.write(pending)
        pending.removeAll(keepingCapacity: true)
    }
}
