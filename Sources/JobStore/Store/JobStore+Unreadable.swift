public import Foundation
import GRDB
import JSONText

/// A document that couldn't be read when its job was added.
public struct UnreadableDocument: Sendable {
    /// What it is called in tables.
    public var name: String
    /// Why, on one line.
    public var reason: String

    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}

extension JobStore {
    /// Enters jobs that have failed before they began, since their documents can't be read: discarded, with the reason and
    /// an attempt that says the same, so that the morning's tables name them beside the others.
    ///
    /// - Parameters:
    ///   - template: what the jobs have in common; its text doesn't matter.
    ///   - now: when they were tried.
    /// - Returns: their ids, in order.
    public func enqueueFailed(
        _ documents: [UnreadableDocument], as template: NewJob, now: Date
    ) async throws -> [Int64] {
        try await write { db in
            let time = Timestamp.text(now)
            return try documents.map { document in
                var metadata = template.metadata
                metadata[UnreadableDocument.nameKey] = .string(document.name)
                metadata[UnreadableDocument.reasonKey] = .string(document.reason)
                try db.cachedStatement(
                    sql: """
                        INSERT INTO jobs (kind, queue, priority, scheduled_at, max_attempts, question, options, metadata,
                          batch_id, template_id, created_at, input)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')
                        """
                ).execute(arguments: [
                    template.kind, template.queue, template.priority, time, template.maxAttempts, template.question,
                    JSONValue.object(JSONObject(template.options)).text, JSONValue.object(JSONObject(metadata)).text,
                    template.batchID, template.templateID, time,
                ])
                let id = db.lastInsertedRowID
                try db.cachedStatement(
                    sql: """
                        INSERT INTO attempts (job_id, attempt, worker_id, outcome, started_at, finished_at, error_code, error)
                        VALUES (?, 1, 'add', 'failed', ?, ?, ?, ?)
                        """
                ).execute(arguments: [id, time, time, UnreadableDocument.code, document.reason])
                try db.cachedStatement(sql: "UPDATE jobs SET state = 'discarded', attempt = 1, error = ? WHERE id = ?")
                    .execute(arguments: [document.reason, id])
                return id
            }
        }
    }
}

extension UnreadableDocument {
    /// The error code of their attempts.
    public static let code = "unreadable_document"
    fileprivate static let nameKey = "document"
    fileprivate static let reasonKey = "unreadable"

    /// Why the document of a job couldn't be read, by the job's metadata; `nil` for all other jobs.
    ///
    /// - Parameter metadataJSON: a JSON text.
    public static func reason(inMetadata metadataJSON: String) -> String? {
        guard metadataJSON.contains(reasonKey),
            case .string(let reason)? = (try? JSONParser.parse(metadataJSON))?[reasonKey]
        else { return nil }
        return reason
    }
}
