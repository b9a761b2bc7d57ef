import Bulk
import Foundation
import JSONText
import Records

/// Something to ask of every document.
struct Question: Equatable {
    var text: String
    /// The caller's name for it.
    var id: String?
}

/// A file of questions: one a line; or JSON lines or CSV with `question` and, if wanted, `id`.
enum QuestionFile {
    private static let mostBytes = 16 << 20
    private static let mostQuestions = 100_000

    /// Reads a file; `-` is standard input.
    ///
    /// - throws: ``CommandError``: 66 for a file that can't be read, 65 for one that can't be understood.
    static func read(_ path: String) throws -> [Question] {
        let name = path == "-" ? "standard input" : path
        let bytes = try contents(of: path, name)
        let questions = try parse(bytes, name: path)
        guard !questions.isEmpty else { throw CommandError(.badData, "\(shown(name)): there is no question in it") }
        guard questions.count <= mostQuestions else {
            throw CommandError(.badData, "\(shown(name)): more than \(mostQuestions) questions; use several files")
        }
        var known: Set<String> = []
        for question in questions {
            if let id = question.id, !known.insert(id).inserted {
                throw CommandError(.badData, "\(shown(name)): the id '\(shown(id))' stands twice in it")
            }
        }
        return questions
    }

    private static func shown(_ text: String) -> String { DisplayText.line(text, limit: 200) }

    private static func contents(of path: String, _ name: String) throws -> [UInt8] {
        let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let handle else { throw CommandError(.noInput, "\(shown(name)): can't be read; is the path right?") }
        var isFolder: ObjCBool = false
        if path != "-", FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            throw CommandError(.noInput, "\(shown(name)) is a folder; --questions takes a file")
        }
        do {
            let data = try handle.read(upToCount: mostBytes + 1) ?? Data()
            guard data.count <= mostBytes else {
                throw CommandError(.badData, "\(shown(name)): larger than \(mostBytes >> 20) MiB")
            }
            return [UInt8](data)
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.noInput, "\(shown(name)): \(error.localizedDescription)")
        }
    }

    static func parse(_ bytes: [UInt8], name: String) throws -> [Question] {
        let lowered = name.lowercased()
        if lowered.hasSuffix(".csv") || lowered.hasSuffix(".tsv") {
            return try table(bytes, name: name, separator: lowered.hasSuffix(".tsv") ? 0x09 : 0x2C)
        }
        let isJSON = bytes.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) } == UInt8(ascii: "{")
        if isJSON || lowered.hasSuffix(".jsonl") || lowered.hasSuffix(".ndjson") {
            return try records(JSONLinesReader(ByteInput(bytes)), name: name)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError(
                .badData,
                "\(shown(name)): not UTF-8; convert it, for example with iconv -f LATIN1 -t UTF-8")
        }
        let lines = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
        return lines.split(whereSeparator: \.isNewline).compactMap { line in
            let line = line.trimmingCharacters(in: .whitespaces)
            return line.isEmpty ? nil : Question(text: line)
        }
    }

    private static func table(_ bytes: [UInt8], name: String, separator: UInt8) throws -> [Question] {
        do {
            let reader = try CSVReader(
                ByteInput(bytes), separator: separator, columns: .init(ignoresUnknown: true)
            ) { ["question", "id"].contains($0) }
            return try records(reader, name: name)
        } catch let problem as BulkProblem {
            throw CommandError(.badData, "\(shown(name)), \(problem)")
        }
    }

    private static func records(_ reader: some RecordReader, name: String) throws -> [Question] {
        var reader = reader
        var questions: [Question] = []
        do {
            while let record = try reader.next() {
                let record = try record.get()
                func refuse(_ message: String) -> BulkProblem {
                    BulkProblem(line: record.line, code: "invalid_request", message: message)
                }
                guard case .string(let text)? = record.fields["question"],
                    text.contains(where: { !$0.isWhitespace })
                else { throw refuse("there is no 'question' with a text") }
                switch record.fields["id"] {
                case nil, .null?: questions.append(Question(text: text))
                case .string(let id)?: questions.append(Question(text: text, id: id))
                case .integer(let id)?: questions.append(Question(text: text, id: String(id)))
                default: throw refuse("'id' is neither a text nor a whole number")
                }
            }
        } catch let problem as BulkProblem {
            throw CommandError(.badData, "\(shown(name)), \(problem)")
        }
        return questions
    }
}
