import JSONText

/// Finds the parts of items in the lines of a set, whose fields have many names.
public struct ItemReader: Sendable {
    /// A part of an item.
    public enum Part: String, CaseIterable, Sendable {
        case document, question, reference, prediction, id

        /// The names it goes by, the first that is there winning.
        public var names: [String] {
            switch self {
            case .document: ["document", "input", "text", "context", "passage", "source", "article"]
            case .question: ["question", "query"]
            case .reference:
                [
                    "references", "reference", "answers", "answer", "responses", "summaries", "summary", "target",
                    "output",
                ]
            case .prediction: ["prediction"]
            case .id: ["id", "custom_id"]
            }
        }
    }

    private let path: String
    private let names: [Part: [String]]
    /// Lists of questions on one document, each with answers of its own.
    private static let questionLists = ["qas", "questions"]

    /// - parameters:
    ///   - path: what errors call the file
    ///   - names: fields to look into, in place of the usual ones
    public init(path: String, names: [Part: String] = [:]) {
        self.path = path
        self.names = Dictionary(uniqueKeysWithValues: Part.allCases.map { ($0, names[$0].map { [$0] } ?? $0.names) })
    }

    /// The items of a line: one, or one for each of a document's questions.
    ///
    /// - throws: ``EvaluationError`` that names the line.
    public func items(of bytes: [UInt8], line: Int) throws(EvaluationError) -> [EvaluationItem] {
        let value: JSONValue
        do {
            // Far more than any text with its questions has; a line of 256 MB of commas would take gigabytes.
            value = try JSONParser.parse(bytes, maximumValueCount: 1_000_000)
        } catch {
            throw problem(line, error.description)
        }
        guard case .object(let object) = value else {
            throw problem(line, "expected a JSON object, found \(value.summary)")
        }
        guard let document = try text(.document, object, line) else {
            throw problem(line, "there is no document; its field is one of \(list(.document))")
        }
        let id = try self.id(object, line)
        for name in Self.questionLists {
            guard case .array(let questions)? = object[name] else { continue }
            var items: [EvaluationItem] = []
            for (index, entry) in questions.enumerated() {
                guard case .object(let fields) = entry else {
                    throw problem(line, "\(name), entry \(index): expected an object, found \(entry.summary)")
                }
                items.append(
                    EvaluationItem(
                        line: line, id: try self.id(fields, line) ?? id.map { "\($0)#\(index)" }, document: document,
                        question: try text(.question, fields, line), references: try references(fields, line),
                        prediction: try text(.prediction, fields, line)))
            }
            return items
        }
        return [
            EvaluationItem(
                line: line, id: id, document: document, question: try text(.question, object, line),
                references: try references(object, line), prediction: try text(.prediction, object, line))
        ]
    }

    /// The field that holds a part, with its value.
    private func field(_ part: Part, _ object: JSONObject) -> (name: String, value: JSONValue)? {
        for name in names[part] ?? [] {
            if let value = object[name], value != .null { return (name, value) }
        }
        return nil
    }

    private func text(_ part: Part, _ object: JSONObject, _ line: Int) throws(EvaluationError) -> String? {
        switch field(part, object) {
        case nil: return nil
        case (let name, .string(let text))?:
            if part == .prediction { try checkLength(text, name, line) }
            return text
        case (let name, let value)?: throw problem(line, "\(name): expected a text, found \(value.summary)")
        }
    }

    private func id(_ object: JSONObject, _ line: Int) throws(EvaluationError) -> String? {
        switch field(.id, object) {
        case (_, .integer(let number))?: return String(number)
        default: return try text(.id, object, line)
        }
    }

    private func references(_ object: JSONObject, _ line: Int) throws(EvaluationError) -> [String]? {
        switch field(.reference, object) {
        case nil: return nil
        case (let name, .string(let text))?:
            try checkLength(text, name, line)
            return [text]
        case (let name, .array(let values))?:
            var texts: [String] = []
            for value in values {
                guard case .string(let text) = value else {
                    throw problem(line, "\(name): expected texts, found \(value.summary)")
                }
                try checkLength(text, name, line)
                texts.append(text)
            }
            return texts
        case (let name, let value)?: throw problem(line, "\(name): expected a text or texts, found \(value.summary)")
        }
    }

    /// Texts are compared in the square of their length.
    private static let maximumLength = 1 << 20

    private func checkLength(_ text: String, _ name: String, _ line: Int) throws(EvaluationError) {
        if text.utf8.count > Self.maximumLength {
            throw problem(line, "\(name): more than \(Self.maximumLength) bytes, too long to be compared")
        }
    }

    private func list(_ part: Part) -> String { (names[part] ?? []).joined(separator: ", ") }

    private func problem(_ line: Int, _ problem: String) -> EvaluationError {
        .line(path: path, line: line, problem: problem)
    }
}
