import Foundation
import JSONText

/// `cnn_eval.json` of MLPerf's GPT-J benchmark: articles with the summaries that newspapers gave them.
public struct MLPerfDataset: Sendable {
    public struct Sample: Sendable, Equatable {
        /// What the prompt asks for, "Summarize the following news article:".
        public let instruction: String
        public let article: String
        public let highlights: String
    }

    /// The published validation set has so many, and only with all of them a score can be compared.
    public static let fullCount = 13_368

    public let path: String
    public let samples: [Sample]

    /// Reads a list of objects with `instruction`, `input` and `output`.
    ///
    /// - throws: ``EvaluationError``.
    public init(path: String) throws(EvaluationError) {
        let entries = try JSONList.read(path)
        var samples: [Sample] = []
        samples.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() {
            func text(_ name: String) throws(EvaluationError) -> String {
                guard case .string(let text)? = entry[name] else {
                    throw .entry(
                        path: path, index: index,
                        problem: "\(name): expected a text, found \(entry[name]?.summary ?? "nothing")")
                }
                return text
            }
            samples.append(
                Sample(
                    instruction: try text("instruction"), article: try text("input"), highlights: try text("output")))
        }
        if samples.isEmpty { throw .file(path: path, problem: "the list has no articles") }
        self.path = path
        self.samples = samples
    }
}

/// Lists of small objects, as both of MLPerf's files are.
enum JSONList {
    /// The validation set has 60 MB, a log of its summaries 30 MB.
    static let maximumLength = 1 << 30

    static func read(_ path: String) throws(EvaluationError) -> [JSONValue] {
        let handle = try FileHandle.reading(path)
        defer { try? handle.close() }
        let value: JSONValue
        do {
            var bytes: [UInt8] = []
            while let piece = try handle.read(upToCount: 1 << 22), !piece.isEmpty {
                bytes.append(contentsOf: piece)
                guard bytes.count <= maximumLength else {
                    throw EvaluationError.file(path: path, problem: "has more than \(maximumLength >> 20) MiB")
                }
            }
            value = try JSONParser.parse(bytes)
        } catch let error as EvaluationError {
            throw error
        } catch let error as JSONParser.Failure {
            throw .file(path: path, problem: error.description)
        } catch {
            throw .unreadable(path: path, problem: error.localizedDescription)
        }
        guard case .array(let entries) = value else {
            throw .file(path: path, problem: "expected a list, found \(value.summary)")
        }
        return entries
    }
}
