import Evaluation
import JSONText

/// The items of a set; lines that are wrong are named on standard error, and the rest go on.
struct SetIntake {
    private(set) var items: [EvaluationItem] = []
    /// Lines that were wrong.
    private(set) var failures = 0

    /// More wrong lines than this are counted, not named: it's the wrong file then.
    private static let mostNamed = 20

    /// - throws: `EvaluationError` where the file can't be read.
    init(path: String, names: [ItemReader.Part: String], conditions: [(field: String, value: String)]) throws {
        var lines = try LineReader(path: path)
        let reader = ItemReader(path: path == "-" ? "standard input" : path, names: names)
        while let line = try lines.next() {
            do throws(EvaluationError) {
                guard Self.meets(line, conditions) else { continue }
                items += try reader.items(of: line, line: lines.line)
            } catch {
                failures += 1
                if failures <= Self.mostNamed { Console.noteForeign("nightshift: \(error)") }
                if failures == Self.mostNamed { Console.note("nightshift: further lines aren't named") }
            }
        }
    }

    /// A file that is one text, as perplexity and copying take them; one whose first line is JSON is a set.
    ///
    /// - throws: `EvaluationError` where the file can't be read, or isn't UTF-8.
    static func isText(_ path: String) throws -> Bool {
        guard path != "-" else { return false }
        var lines = try LineReader(path: path)
        guard let first = try lines.next() else { return false }
        return first.first { $0 != 0x20 && $0 != 0x09 } != UInt8(ascii: "{")
    }

    /// The one item of a file that is a text.
    init(text path: String) throws {
        var lines = try LineReader(path: path)
        var bytes: [UInt8] = []
        while let line = try lines.nextEvenIfEmpty() { bytes += line + [0x0A] }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw EvaluationError.file(
                path: path, problem: "neither JSON lines nor a text in UTF-8; 'nightshift text' reads other encodings")
        }
        items = [EvaluationItem(document: text)]
    }

    /// Whether the line's fields have the values asked for; a line that is no object is left to the reader.
    private static func meets(_ line: [UInt8], _ conditions: [(field: String, value: String)]) -> Bool {
        guard !conditions.isEmpty, let value = try? JSONParser.parse(line, maximumValueCount: 1_000_000),
            case .object(let object) = value
        else { return true }
        return conditions.allSatisfy { condition in
            switch object[condition.field] {
            case .string(let text)?: text == condition.value
            case let other?: other.text == condition.value
            case nil: false
            }
        }
    }
}
