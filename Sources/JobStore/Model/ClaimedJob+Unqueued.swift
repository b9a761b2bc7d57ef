package import JSONText

extension ClaimedJob {
    /// A job that is in no queue, for whoever measures what a kind brings.
    ///
    /// - parameter id: seeds the draws of a job whose options name no seed
    package init(unqueued id: Int64, kind: String, text: String, question: String?, options: [String: JSONValue]) {
        self.init(
            claim: JobClaim(jobID: id, attempt: 1, worker: ""), kind: kind, queue: "", priority: 5, maxAttempts: 1,
            question: question, input: text, document: nil, template: nil,
            optionsJSON: JSONValue.object(JSONObject(options)).text, metadataJSON: "{}", batchID: nil, customID: nil,
            parentID: nil, part: nil, timeoutSeconds: nil, waitMilliseconds: 0)
    }
}
