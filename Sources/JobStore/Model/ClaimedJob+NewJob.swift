import JSONText

extension ClaimedJob {
    /// A job that comes from no store, as a worker takes it. Its document has the number of the job.
    package init(_ job: NewJob, claim: JobClaim) {
        var input: String?
        var document: Document?
        switch job.input {
        case .inline(let text): input = text
        case .document(let new):
            document = Document(
                id: claim.jobID, title: new.title, source: new.source, mediaType: new.mediaType, text: new.text)
        case .documentID, .none: break
        }
        self.init(
            claim: claim, kind: job.kind, queue: job.queue, priority: job.priority, maxAttempts: job.maxAttempts,
            question: job.question, input: input, document: document, template: nil,
            optionsJSON: JSONValue.object(JSONObject(job.options)).text,
            metadataJSON: JSONValue.object(JSONObject(job.metadata)).text, batchID: job.batchID,
            customID: job.customID, parentID: nil, part: nil, timeoutSeconds: job.timeoutSeconds, waitMilliseconds: 0)
    }
}
