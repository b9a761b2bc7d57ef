public import Foundation
public import JSONText
public import Records

/// What has come of one job, as a line of OpenAI's batch output tells it.
public struct JobAnswer: Sendable, Equatable {
    public var jobID: Int64
    public var customID: String?
    /// The line of the input, where it is known.
    public var line: Int?
    public var kind: String
    /// The endpoint and model that the request named.
    public var url: String?
    public var model: String?
    public var createdAt: Date
    public var text: String
    /// `stop` or `length`.
    public var finishReason: String?
    public var promptTokens: Int?
    public var cachedTokens: Int?
    public var completionTokens: Int?
    public var seed: Int64?
    public var isTruncated: Bool

    public init(
        jobID: Int64, customID: String?, line: Int? = nil, kind: String, url: String?, model: String?, createdAt: Date,
        text: String, finishReason: String?, promptTokens: Int?, cachedTokens: Int?, completionTokens: Int?,
        seed: Int64?, isTruncated: Bool
    ) {
        self.jobID = jobID
        self.customID = customID
        self.line = line
        self.kind = kind
        self.url = url
        self.model = model
        self.createdAt = createdAt
        self.text = text
        self.finishReason = finishReason
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.completionTokens = completionTokens
        self.seed = seed
        self.isTruncated = isTruncated
    }
}

/// Lines in the form of OpenAI's batch output: `response` for what went well, `error` for what didn't.
public enum OutputLine {
    /// The line of a job that is done.
    public static func answer(_ answer: JobAnswer) -> JSONObject {
        let isChat = answer.url == OpenAIRequest.Endpoint.chat.rawValue
        let reason: JSONValue = answer.finishReason.map { .string($0) } ?? .null
        let choice: JSONValue =
            isChat
            ? [
                "index": 0, "message": ["role": "assistant", "content": .string(answer.text)], "logprobs": .null,
                "finish_reason": reason,
            ]
            : ["index": 0, "text": .string(answer.text), "logprobs": .null, "finish_reason": reason]
        let prompt = answer.promptTokens ?? 0
        let completion = answer.completionTokens ?? 0
        let body: JSONValue = [
            "id": .string("\(isChat ? "chatcmpl" : "cmpl")-\(answer.jobID)"),
            "object": .string(isChat ? "chat.completion" : "text_completion"),
            "created": .integer(Int(answer.createdAt.timeIntervalSince1970)),
            "model": answer.model.map { .string($0) } ?? .null,
            "choices": [choice],
            "usage": [
                "prompt_tokens": .integer(prompt), "completion_tokens": .integer(completion),
                "total_tokens": .integer(prompt + completion),
                "prompt_tokens_details": ["cached_tokens": .integer(answer.cachedTokens ?? 0)],
            ],
            // What OpenAI's form has no place for.
            "nightshift": [
                "kind": .string(answer.kind), "truncated": .bool(answer.isTruncated),
                "seed": answer.seed.map { .integer(Int($0)) } ?? .null,
            ],
        ]
        var line = head(jobID: answer.jobID, customID: answer.customID, line: answer.line)
        line["response"] = [
            "status_code": 200, "request_id": .string("job-\(answer.jobID)"), "body": body,
        ]
        line["error"] = .null
        return line
    }

    /// The line of a job that has failed, or of a line that became none.
    public static func failure(
        jobID: Int64?, customID: String?, line: Int? = nil, code: String, message: String
    ) -> JSONObject {
        var object = head(jobID: jobID, customID: customID, line: line)
        object["response"] = .null
        object["error"] = ["code": .string(code), "message": .string(message)]
        return object
    }

    /// The line of an input line that became no job.
    public static func failure(_ problem: BulkProblem) -> JSONObject {
        failure(
            jobID: nil, customID: problem.customID, line: problem.line, code: problem.code, message: problem.description
        )
    }

    private static func head(jobID: Int64?, customID: String?, line: Int?) -> JSONObject {
        var object: JSONObject = [
            "id": .string(jobID.map { "job-\($0)" } ?? "line-\(line ?? 0)"),
            "custom_id": customID.map { .string($0) } ?? .null,
        ]
        if let line { object["line"] = .integer(line) }
        return object
    }
}
