import Bulk
import JSONText
import JobStore
import Records

/// Verdicts out of a file of JSON lines or CSV; lines that are wrong are named, and the rest are written.
struct ReviewIntake {
    let path: String
    /// Who says so where the file doesn't tell.
    let by: String?

    private static let fields: Set = ["id", "custom_id", "verdict", "correction", "note", "by"]
    /// Verdicts that are written together.
    private static let portion = 500
    /// More wrong lines than this are counted, not named: it's the wrong file then.
    private static let mostNamed = 20

    /// A line that may become a verdict.
    private struct Line {
        let number: Int
        let review: NewReview
    }

    /// - throws: ``CommandError`` (1) at the end where lines were wrong, (65) for a CSV file without a header that is
    ///   understood.
    func run(in store: JobStore) async throws {
        let file = try FileInput(path)
        var reader: any RecordReader
        do {
            if path.lowercased().hasSuffix(".csv") {
                reader = try CSVReader(file.bytes, isKnown: { Self.fields.contains($0) })
            } else {
                reader = JSONLinesReader(file.bytes)
            }
        } catch let problem as BulkProblem {
            throw CommandError(.badData, "\(file.name): \(problem.message)")
        }
        var (stored, failures) = (0, 0)
        func fail(_ line: Int, _ problem: String) {
            failures += 1
            if failures <= Self.mostNamed { Console.noteForeign("nightshift: \(file.name):\(line): \(problem)") }
            if failures == Self.mostNamed { Console.note("nightshift: further lines aren't named") }
        }
        var waiting: [Line] = []
        func flush() async throws {
            let outcomes = try await store.review(waiting.map(\.review))
            for (line, outcome) in zip(waiting, outcomes) {
                if let problem = outcome.problem(ofJob: line.review.jobID) {
                    fail(line.number, problem)
                } else {
                    stored += 1
                }
            }
            waiting = []
        }
        while let record = try reader.next() {
            do {
                let record = try record.get()
                do {
                    waiting.append(Line(number: record.line, review: try await review(record.fields, in: store)))
                } catch let problem as LineProblem {
                    fail(record.line, problem.description)
                }
            } catch let problem as BulkProblem {
                fail(problem.line, problem.message)
            }
            if waiting.count == Self.portion { try await flush() }
        }
        try await flush()
        Console.note("\(counted(stored, "verdict")) written")
        if failures > 0 { throw CommandError(.someFailed, "\(counted(failures, "line")) not taken, see above") }
    }

    private func review(_ fields: JSONObject, in store: JobStore) async throws -> NewReview {
        if let stranger = fields.members.map(\.name).first(where: { !Self.fields.contains($0) }) {
            throw LineProblem(
                "unknown field '\(stranger)'; the fields are id, custom_id, verdict, correction, note, by")
        }
        let correction = try text("correction", fields)
        let verdict: Verdict
        if let text = try text("verdict", fields) {
            guard let known = Verdict(rawValue: text) else {
                throw LineProblem("verdict '\(text)': expected accepted, rejected or corrected")
            }
            verdict = known
        } else {
            guard correction != nil else { throw LineProblem("verdict is missing") }
            verdict = .corrected
        }
        return NewReview(
            jobID: try await jobID(fields, in: store), verdict: verdict, correction: correction,
            note: try text("note", fields), by: try text("by", fields) ?? by)
    }

    /// A field's text; `nil` for one that is empty or null.
    private func text(_ name: String, _ fields: JSONObject) throws -> String? {
        switch fields[name] {
        case nil, .null?: return nil
        case .string(let text)?: return text.isEmpty ? nil : text
        case let other?: throw LineProblem("\(name): expected a text, found \(other.summary)")
        }
    }

    private func jobID(_ fields: JSONObject, in store: JobStore) async throws -> Int64 {
        switch fields["id"] {
        case .integer(let id)?: return Int64(id)
        case .string(let text)? where !text.isEmpty:
            guard let id = Int64(text) else { throw LineProblem("id '\(text)': expected the number of a job") }
            return id
        case nil, .null?, .string?: break
        case let other?: throw LineProblem("id: expected the number of a job, found \(other.summary)")
        }
        guard let customID = try text("custom_id", fields) else { throw LineProblem("id is missing") }
        let ids = try await store.jobs(withCustomID: customID)
        guard let id = ids.first, ids.count == 1 else {
            throw LineProblem(
                ids.isEmpty
                    ? "there is no job with custom_id '\(customID)'"
                    : "custom_id '\(customID)' is that of jobs \(ids.map(String.init).joined(separator: ", ")); give id"
            )
        }
        return id
    }
}

/// What is wrong with one line.
private struct LineProblem: Error {
    let description: String
    init(_ description: String) { self.description = description }
}
