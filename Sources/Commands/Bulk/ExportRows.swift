import Bulk
import Foundation
import JSONText
import JobStore

/// One exported job in each of the forms.
enum ExportRows {
    // MARK: - JSON lines

    /// What came of the job, as OpenAI's batch output tells it.
    static func answerLine(_ job: ExportedJob) -> JSONObject {
        guard job.state == .completed, let text = job.text else {
            let message =
                job.error
                ?? (job.state.isFinal ? "the job was \(job.state.rawValue)" : "not done yet: \(job.state.rawValue)")
            let code = job.errorCode ?? (job.state == .discarded ? "failed" : job.state.rawValue)
            return OutputLine.failure(jobID: job.id, customID: job.customID, code: code, message: message)
        }
        let metadata = object(job.metadataJSON)
        func string(_ key: String) -> String? { if case .string(let text)? = metadata[key] { text } else { nil } }
        return OutputLine.answer(
            JobAnswer(
                jobID: job.id, customID: job.customID, kind: job.kind, url: string(RequestOrigin.url),
                model: string(RequestOrigin.model) ?? job.model,
                createdAt: Date(timeIntervalSince1970: Double(job.resultAt ?? 0) / 1000), text: text,
                finishReason: job.finishReason, promptTokens: job.promptTokens, cachedTokens: job.cachedTokens,
                completionTokens: job.completionTokens, seed: job.seed, isTruncated: job.isTruncated))
    }

    /// The job itself, as import reads it. What isn't said is what import takes for unsaid.
    static func jobLine(_ job: ExportedJob) -> JSONObject {
        var line: JSONObject = ["kind": .string(job.kind)]
        line["custom_id"] = job.customID.map { .string($0) }
        if job.queue != "default" { line["queue"] = .string(job.queue) }
        if job.priority != 5 { line["priority"] = .integer(job.priority) }
        if job.maxAttempts != 3 { line["max_attempts"] = .integer(job.maxAttempts) }
        line["timeout_seconds"] = job.timeoutSeconds.map { .number($0) }
        line["question"] = job.question.map { .string($0) }
        let options = object(job.optionsJSON)
        if !options.isEmpty { line["options"] = .object(options) }
        var metadata = object(job.metadataJSON)
        for key in [RequestOrigin.importedFrom, "shard"] { metadata[key] = nil }
        if !metadata.isEmpty { line["metadata"] = .object(metadata) }
        if let text = job.documentText {
            line["title"] = job.documentTitle.map { .string($0) }
            line["source"] = job.documentSource.map { .string($0) }
            line["document"] = .string(text)
        } else {
            line["input"] = .string(job.input ?? "")
        }
        return line
    }

    private static func object(_ json: String) -> JSONObject {
        if case .object(let object)? = try? JSONParser.parse(json) { object } else { JSONObject() }
    }

    // MARK: - CSV

    private static let columns: [(name: String, value: @Sendable (ExportedJob) -> String?)] = [
        ("id", { "\($0.id)" }), ("custom_id", { $0.customID }), ("batch", { $0.batch }), ("kind", { $0.kind }),
        ("queue", { $0.queue }), ("state", { $0.state.rawValue }),
        ("document", { $0.documentTitle ?? $0.documentSource }), ("question", { $0.question }), ("text", { $0.text }),
        ("finish_reason", { $0.finishReason }), ("prompt_tokens", { $0.promptTokens.map(String.init) }),
        ("completion_tokens", { $0.completionTokens.map(String.init) }), ("error", { $0.error }),
        ("finalized_at", { $0.finalizedAt }),
    ]

    static var csvHeader: String { columns.map(\.name).joined(separator: ",") + "\r\n" }

    static func csvRow(_ job: ExportedJob) -> String {
        columns.map { DelimitedText.csvCell($0.value(job) ?? "") }.joined(separator: ",") + "\r\n"
    }
}
