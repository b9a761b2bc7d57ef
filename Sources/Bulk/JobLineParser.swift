public import Foundation
public import JSONText
public import JobCatalog
public import JobStore
public import Records

/// Understands records: OpenAI's batch form, and our own with the columns of jobs. Every job is checked by the definition
/// of its kind, as one that is added by hand.
public struct JobLineParser: Sendable {
    /// What a line needn't say.
    public struct Defaults: Sendable {
        public var kind: String?
        public var queue = "default"
        public var priority = 5
        public var question: String?
        public var options: [String: JSONValue] = [:]
        public var maxAttempts = 3
        public var batchID: Int64?

        public init() {}
    }

    /// The fields of our own form; `option.NAME` besides.
    public static let fieldNames = [
        "custom_id", "kind", "queue", "priority", "input", "document", "path", "title", "source", "question", "options",
        "metadata", "max_attempts", "scheduled_at", "deadline_at", "timeout_seconds",
    ]
    public static let optionPrefix = "option."

    public static func isKnown(_ name: String) -> Bool { fieldNames.contains(name) || name.hasPrefix(optionPrefix) }

    private let definitions: [String: JobDefinition]
    private let catalog: JobCatalog
    private let defaults: Defaults
    private let readsFile: @Sendable (String) throws -> NewDocument
    private let readsTime: @Sendable (String) throws -> Date

    /// - parameters:
    ///   - document: reads the file that a line's `path` names.
    ///   - time: reads a time as people type it.
    public init(
        catalog: JobCatalog, defaults: Defaults = Defaults(),
        document: @escaping @Sendable (String) throws -> NewDocument,
        time: @escaping @Sendable (String) throws -> Date
    ) {
        self.catalog = catalog
        definitions = Dictionary(catalog.all.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        self.defaults = defaults
        readsFile = document
        readsTime = time
    }

    /// The job that a record asks for.
    public func job(from record: BulkRecord) throws(BulkProblem) -> BulkJob {
        var customID: String?
        do {
            let fields = LineFields(record.fields)
            customID = try Self.customID(fields)
            let isOpenAI = fields["body"] != nil || fields["url"] != nil || fields["method"] != nil
            var job = try isOpenAI ? openAIJob(fields) : ownJob(fields)
            job.customID = customID
            job.batchID = defaults.batchID
            return BulkJob(line: record.line, job: job)
        } catch let problem as FieldProblem {
            throw BulkProblem(line: record.line, customID: customID, code: problem.code, message: problem.message)
        } catch {
            throw BulkProblem(
                line: record.line, customID: customID, code: "invalid_request", message: String(describing: error))
        }
    }

    /// The caller's name of a job: a text, or a number as CSV files and careless scripts have it.
    private static func customID(_ fields: LineFields) throws(FieldProblem) -> String? {
        let text: String? =
            if case .integer(let number)? = fields["custom_id"] { String(number) } else { try fields.text("custom_id") }
        guard let text else { return nil }
        guard (1...512).contains(text.utf8.count), !text.utf8.contains(0) else {
            throw FieldProblem("custom_id: expected 1 to 512 bytes, found \(text.utf8.count)")
        }
        return text
    }

    // MARK: - OpenAI's form

    private func openAIJob(_ fields: LineFields) throws -> NewJob {
        if let method = try fields.text("method"), method != "POST" {
            throw FieldProblem("method: expected POST, found '\(method.prefix(20))'")
        }
        guard fields["custom_id"] != nil else { throw FieldProblem("custom_id is missing: the answer is found by it") }
        guard let body = try fields.object("body") else { throw FieldProblem("body is missing") }
        try refuseUnknown(
            fields, known: ["custom_id", "method", "url", "body", "kind", "queue", "priority", "question", "metadata"])
        let request = try OpenAIRequest(
            url: try fields.text("url") ?? OpenAIRequest.Endpoint.completions.rawValue, body: body)
        var metadata = try fields.object("metadata")?.dictionary ?? [:]
        if let model = request.model { metadata[RequestOrigin.model] = .string(model) }
        metadata[RequestOrigin.url] = .string(request.endpoint.rawValue)
        let job = NewJob(
            kind: try fields.text("kind") ?? defaults.kind ?? "generate", input: .inline(request.text),
            queue: try queue(fields), priority: try priority(fields),
            question: try fields.text("question") ?? defaults.question,
            options: defaults.options.merging(request.options) { $1 }, metadata: metadata,
            maxAttempts: defaults.maxAttempts)
        try check(job, document: request.text, title: nil)
        return job
    }

    // MARK: - Our own form

    private func ownJob(_ fields: LineFields) throws -> NewJob {
        try refuseUnknown(fields, known: Set(Self.fieldNames))
        guard let kind = try fields.text("kind") ?? defaults.kind else {
            throw FieldProblem("kind is missing; --kind gives one to all lines that name none")
        }
        let (input, text, title) = try input(fields)
        var job = NewJob(
            kind: kind, input: input, queue: try queue(fields), priority: try priority(fields),
            question: try fields.text("question") ?? defaults.question,
            options: defaults.options.merging(try options(fields)) { $1 },
            metadata: try fields.object("metadata")?.dictionary ?? [:],
            maxAttempts: try range(fields, "max_attempts", 1...1000) ?? defaults.maxAttempts)
        job.scheduledAt = try time(fields, "scheduled_at")
        job.deadlineAt = try time(fields, "deadline_at")
        job.timeoutSeconds = try fields.number("timeout_seconds")
        if let seconds = job.timeoutSeconds, seconds <= 0 { throw FieldProblem("timeout_seconds must be above 0") }
        try check(job, document: text, title: title)
        return job
    }

    private func input(_ fields: LineFields) throws -> (NewJob.Input, text: String, title: String?) {
        let given = ["input", "document", "path"].filter { fields[$0] != nil }
        guard given.count <= 1 else { throw FieldProblem("give one of \(given.joined(separator: ", ")), not several") }
        let title = try fields.text("title")
        if let path = try fields.text("path") {
            var document = try readsFile(path)
            document.title = title ?? document.title
            return (.document(document), document.text, document.title)
        }
        if let text = try fields.text("document") {
            let document = NewDocument(text: text, title: title, source: try fields.text("source"))
            return (.document(document), text, title)
        }
        let text = try fields.text("input") ?? ""
        return (.inline(text), text, nil)
    }

    private func options(_ fields: LineFields) throws -> [String: JSONValue] {
        var options = try fields.object("options")?.dictionary ?? [:]
        for member in fields.object.members where member.name.hasPrefix(Self.optionPrefix) && member.value != .null {
            let name = String(member.name.dropFirst(Self.optionPrefix.count))
            guard options.updateValue(member.value, forKey: name) == nil else {
                throw FieldProblem("the option '\(name)' is given twice")
            }
        }
        return options
    }

    private func time(_ fields: LineFields, _ name: String) throws -> Date? {
        guard let text = try fields.text(name) else { return nil }
        if let date = try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)) {
            return date
        }
        do {
            return try readsTime(text)
        } catch {
            throw FieldProblem("\(name): \(error)")
        }
    }

    // MARK: - Both

    private func queue(_ fields: LineFields) throws(FieldProblem) -> String {
        guard let name = try fields.text("queue") else { return defaults.queue }
        guard (1...128).contains(name.count) else { throw FieldProblem("queue: a name has 1 to 128 characters") }
        return name
    }

    private func priority(_ fields: LineFields) throws(FieldProblem) -> Int {
        try range(fields, "priority", 0...9) ?? defaults.priority
    }

    private func range(_ fields: LineFields, _ name: String, _ range: ClosedRange<Int>) throws(FieldProblem) -> Int? {
        guard let number = try fields.integer(name) else { return nil }
        guard range.contains(number) else {
            throw FieldProblem("\(name): expected \(range.lowerBound) to \(range.upperBound), found \(number)")
        }
        return number
    }

    private func refuseUnknown(_ fields: LineFields, known: Set<String>) throws(FieldProblem) {
        for name in fields.object.names where !known.contains(name) && !name.hasPrefix(Self.optionPrefix) {
            throw FieldProblem(
                "unknown field '\(name.prefix(80))'; known: \(known.sorted().joined(separator: ", "))")
        }
    }

    /// - throws: `JobCatalogError` for whatever would fail when the job is run.
    private func check(_ job: NewJob, document: String, title: String?) throws {
        let definition = try definitions[job.kind] ?? catalog.definition(named: job.kind)
        try definition.validate(
            JobInputs(document: document, title: title, question: job.question, options: job.options))
    }
}
