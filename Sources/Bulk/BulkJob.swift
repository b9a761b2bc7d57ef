public import JobStore

/// A job as a line asked for it.
public struct BulkJob: Sendable {
    public var line: Int
    public var customID: String? { job.customID }
    public var job: NewJob

    public init(line: Int, job: NewJob) {
        self.line = line
        self.job = job
    }
}

/// What a job made of an OpenAI line keeps of it, in its metadata: what the answer must look like.
public enum RequestOrigin {
    /// The endpoint that was asked.
    public static let url = "url"
    /// The model that was named.
    public static let model = "model"
    /// The file and line a job came from.
    public static let importedFrom = "imported_from"
}
