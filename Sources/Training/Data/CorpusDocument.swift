import JSONText

/// A document of a corpus: running text, or an example of a task in segments.
public struct CorpusDocument: Sendable, Equatable {
    /// A part that is tokenized by itself.
    public struct Segment: Sendable, Equatable {
        public var text: String
        /// How much predicting its tokens counts, 0 to 1.
        public var weight: Float
        /// Whether special tokens are recognized in it.
        public var isSpecial: Bool

        public init(text: String, weight: Float = 1, isSpecial: Bool = false) {
            self.text = text
            self.weight = weight
            self.isSpecial = isSpecial
        }
    }

    /// What stands at a document's end.
    public enum End: Sendable, Equatable {
        /// The tokenizer's end of text.
        case usual
        case token(String)
        case nothing
    }

    public enum Split: Sendable, Equatable { case training, heldOut }

    public var segments: [Segment]
    public var end: End = .usual
    /// As the line says; `nil` where it doesn't.
    public var split: Split?
    /// Whether it's an example of a task, and no running text.
    public var isExample: Bool

    public init(text: String) {
        segments = [Segment(text: text)]
        isExample = false
    }

    public init(segments: [Segment], end: End = .usual, split: Split? = nil) {
        self.segments = segments
        self.end = end
        self.split = split
        isExample = true
    }

    /// Bytes of all texts.
    public var byteCount: Int { segments.reduce(0) { $0 + $1.text.utf8.count } }
}

/// What is wrong with a line of a corpus.
struct CorpusLineProblem: Error {
    let problem: String

    init(_ problem: String) { self.problem = problem }
}

extension CorpusDocument {
    /// Reads a line of JSON: `{"text": "…"}`, or `{"segments": [{"text": "…", "weight": 0.2, "special": true}, …],
    /// "end": "<|end|>"}`, with `"split": "train"` or `"dev"`.
    ///
    /// - parameter field: what the running text is called.
    init(json bytes: [UInt8], field: String) throws(CorpusLineProblem) {
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes, maximumValueCount: 1_000_000)
        } catch {
            throw CorpusLineProblem("\(error)")
        }
        guard case .object(let line) = value else { throw CorpusLineProblem("expected a JSON object on the line") }
        if let segments = line["segments"] {
            self.init(segments: try Self.segments(segments))
        } else {
            switch line[field] {
            case .string(let text)?: self.init(text: text)
            case nil: throw CorpusLineProblem("has neither \"\(field)\" nor \"segments\"")
            case let other?: throw CorpusLineProblem("\"\(field)\" must be a text, and is \(other.summary)")
            }
        }
        switch line["end"] {
        case nil: break
        case .null?, .string("")?: end = .nothing
        case .string(let token)?: end = .token(token)
        case let other?: throw CorpusLineProblem("\"end\" must be a special token or null, and is \(other.summary)")
        }
        switch line["split"] {
        case nil, .null?: break
        case .string("train")?: split = .training
        case .string("dev")?, .string("validation")?, .string("test")?: split = .heldOut
        case let other?:
            throw CorpusLineProblem("\"split\" must be \"train\" or \"dev\", and is \(other.summary)")
        }
    }

    private static func segments(_ value: JSONValue) throws(CorpusLineProblem) -> [Segment] {
        guard case .array(let values) = value, !values.isEmpty else {
            throw CorpusLineProblem("\"segments\" must be a list of at least one, and is \(value.summary)")
        }
        var segments: [Segment] = []
        for (index, value) in values.enumerated() {
            func problem(_ text: String) -> CorpusLineProblem { CorpusLineProblem("segment \(index + 1): \(text)") }
            guard case .object(let object) = value, case .string(let text)? = object["text"] else {
                throw problem("expected an object with a \"text\"")
            }
            var segment = Segment(text: text)
            switch object["weight"] {
            case nil: break
            case .integer(let weight)? where (0...1).contains(weight): segment.weight = Float(weight)
            case .number(let weight)? where (0...1).contains(weight): segment.weight = Float(weight)
            case let other?: throw problem("\"weight\" must be a number from 0 to 1, and is \(other.summary)")
            }
            switch object["special"] {
            case nil: break
            case .bool(let isSpecial)?: segment.isSpecial = isSpecial
            case let other?: throw problem("\"special\" must be true or false, and is \(other.summary)")
            }
            segments.append(segment)
        }
        return segments
    }
}
