import Foundation
public import JSONText
import Tokenization

/// The summaries of a run that takes days, kept one by one as they are made, so that a run which was killed goes on where
/// it was.
///
/// The first line says what makes the summaries; a run by another model or other options doesn't go on. Each further line
/// is a summary. A line that was cut in two by the end of the process is made again.
public final class PredictionJournal {
    public let path: String
    /// What there is already.
    public private(set) var entries: [AccuracyLog.Entry] = []
    private let handle: FileHandle

    /// Opens the journal, or begins one.
    ///
    /// - parameters:
    ///   - origin: everything that the summaries depend on
    ///   - sampleCount: articles in the data set
    /// - throws: ``EvaluationError`` for a journal of another origin, or what isn't one.
    public init(path: String, origin: JSONObject, sampleCount: Int, vocabularySize: Int) throws {
        self.path = path
        let header = JSONValue.object(["nightshift_predictions": .object(origin)]).text
        let fresh = !FileManager.default.fileExists(atPath: path)
        if fresh, !FileManager.default.createFile(atPath: path, contents: nil) {
            throw EvaluationError.unreadable(path: path, problem: "can't be written; see the folder's permissions")
        }
        guard let handle = FileHandle(forUpdatingAtPath: path) else {
            throw EvaluationError.unreadable(path: path, problem: "can't be opened for writing")
        }
        self.handle = handle
        var lines = try LineReader(path: path)
        var length = 0
        if let first = try lines.next() {
            // Of a header that was cut, the beginning is there.
            guard lines.endsWithNewline ? Array(header.utf8) == first : header.utf8.starts(with: first) else {
                throw EvaluationError.line(
                    path: path, line: 1,
                    problem: "the texts here are of another model, data set or options; remove the file to begin anew")
            }
            if lines.endsWithNewline { length = first.count + 1 }
            var seen: Set<Int> = []
            while let line = try lines.next(), lines.endsWithNewline {
                let entry = try Self.entry(
                    line, path, lines.line, sampleCount: sampleCount, vocabularySize: vocabularySize)
                if seen.insert(entry.sample).inserted { entries.append(entry) }
                length += line.count + 1
            }
        }
        try handle.truncate(atOffset: UInt64(length))
        try handle.seekToEnd()
        if length == 0 { try handle.write(contentsOf: Array((header + "\n").utf8)) }
    }

    /// Keeps a summary; once this has returned, only the machine's own end can lose it.
    public func append(_ entry: AccuracyLog.Entry) throws {
        let line: JSONValue = [
            "qsl_idx": .integer(entry.sample), "ids": .array(entry.tokens.map { .integer(Int($0)) }),
        ]
        try handle.write(contentsOf: Array((line.text + "\n").utf8))
        entries.append(entry)
    }

    /// Puts everything on the disk.
    public func synchronize() throws { try handle.synchronize() }

    private static func entry(
        _ bytes: [UInt8], _ path: String, _ line: Int, sampleCount: Int, vocabularySize: Int
    ) throws(EvaluationError) -> AccuracyLog.Entry {
        func problem(_ text: String) -> EvaluationError { .line(path: path, line: line, problem: text) }
        let value: JSONValue
        do { value = try JSONParser.parse(bytes, maximumValueCount: 1_000_000) } catch {
            throw problem(error.description)
        }
        guard case .integer(let sample)? = value["qsl_idx"], (0..<sampleCount).contains(sample),
            case .array(let ids)? = value["ids"]
        else { throw problem("expected a summary: qsl_idx within the data set, and ids") }
        var tokens: [TokenID] = []
        for id in ids {
            guard case .integer(let number) = id, (0..<vocabularySize).contains(number) else {
                throw problem("ids: \(id.summary) isn't one of the tokenizer's")
            }
            tokens.append(TokenID(number))
        }
        return AccuracyLog.Entry(sample: sample, tokens: tokens)
    }
}
