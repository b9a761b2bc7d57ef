import Training

/// Reads the documents of corpus files and shows how far it is.
struct CorpusProgress {
    private let files: [String]
    private let skipsMalformed: Bool
    private var report: ProgressReport
    /// Lines that were passed over.
    private(set) var malformed = 0

    /// More wrong lines than this are counted, not named.
    private static let mostNamed = 20

    /// - parameters:
    ///   - verb: what is done to the bytes
    ///   - skipsMalformed: whether lines that are wrong are named on standard error and passed over
    init(_ files: [String], verb: String, skipsMalformed: Bool = false) {
        self.files = files
        self.skipsMalformed = skipsMalformed
        report = ProgressReport(verb: verb)
    }

    /// - throws: `TrainingError` for what can't be read; what `body` throws.
    mutating func eachDocument(
        field: String, _ body: (_ document: CorpusDocument, _ path: String, _ line: Int) throws -> Void
    ) throws {
        defer { report.finish() }
        // All are opened before the first is read: a name that is wrong should cost no hour.
        let total = try files.map { try CorpusReader(path: $0, field: field).size }.reduce(0, +)
        var done = 0
        for file in files {
            var reader = try CorpusReader(path: file, field: field)
            while true {
                do {
                    guard let document = try reader.next() else { break }
                    try body(document, file, reader.line)
                } catch let error as TrainingError {
                    guard skipsMalformed, case .malformedText = error else { throw error }
                    malformed += 1
                    report.finish()
                    if malformed <= Self.mostNamed { Console.noteForeign("nightshift: \(error)") }
                    if malformed == Self.mostNamed { Console.note("nightshift: further lines aren't named") }
                }
                report.update(done: done + reader.offset, of: total)
            }
            done += reader.size
        }
    }
}
