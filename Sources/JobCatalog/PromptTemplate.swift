public import Tokenization

/// A prompt with holes, strict: every name in it is known when it is parsed, every value is there when it is rendered.
///
/// - `{{name}}` (spaces inside the braces are allowed) is replaced by the value, as it is: nothing is escaped, and
///   braces inside a value mean nothing.
/// - `{{#if name}}…{{/if}}` keeps what stands between only if the value is there, isn't blank and isn't `false`.
/// - `{{{{` stands for two braces. Closing braces outside a tag are text.
///
/// Everything else, white space and line ends included, reaches the prompt unchanged.
public struct PromptTemplate: Sendable, Equatable {
    /// A value for a name of the template.
    public struct Value: Sendable, Equatable {
        /// What stands in the prompt.
        public var text: String
        /// Whether a job definition's author wrote the text, so that special tokens in it are special.
        public var isTrusted: Bool
        /// What `{{#if}}` asks.
        public var isSet: Bool

        /// - parameter isSet: by default whether `text` holds more than white space.
        public init(_ text: String, isTrusted: Bool = false, isSet: Bool? = nil) {
            self.text = text
            self.isTrusted = isTrusted
            self.isSet = isSet ?? !text.allSatisfy(\.isWhitespace)
        }
    }

    /// A piece of a rendered template, with the name of the value it came from; `nil` for the template's own text.
    public struct Piece: Sendable, Equatable {
        /// The text, trusted or plain.
        public var piece: TextPiece
        /// The value's name.
        public var name: String?
    }

    /// What errors call the template.
    public let label: String
    let source: String
    let segments: [Segment]

    indirect enum Segment: Sendable, Equatable {
        case text(String)
        /// `offset` is the tag's place in the source, in bytes, for error messages.
        case value(name: String, offset: Int)
        case conditional(name: String, body: [Segment])
    }

    /// Parses a template.
    ///
    /// - parameters:
    ///   - source: the template's text.
    ///   - label: what errors call it, such as `summarize.yaml: styles.base.template`.
    ///   - names: the names that it may use.
    ///   - optionalNames: those of `names` that a job may lack; the template may use them only inside their `{{#if}}`.
    /// - throws: ``JobCatalogError/template(label:line:column:problem:)``.
    public init(_ source: String, label: String, names: [String], optionalNames: Set<String> = []) throws {
        self.label = label
        self.source = source
        var parser = TemplateParser(source: source, label: label, names: names, optionalNames: optionalNames)
        segments = try parser.parse()
    }

    /// Fills the holes.
    ///
    /// - returns: pieces in order; neighbouring template texts and trusted values without a name of their own are
    ///   one piece. The template's text is trusted, values are as they say.
    /// - throws: ``JobCatalogError/template(label:line:column:problem:)`` where a value is missing.
    public func render(_ values: [String: Value]) throws -> [Piece] {
        var pieces: [Piece] = []
        try render(segments, values, into: &pieces)
        return pieces
    }

    private func render(_ segments: [Segment], _ values: [String: Value], into pieces: inout [Piece]) throws {
        for segment in segments {
            switch segment {
            case .text(let text):
                append(trusted: text, to: &pieces)
            case .value(let name, let offset):
                guard let value = values[name] else {
                    throw TemplateParser.error(.missingValue(name: name), at: offset, in: source, label: label)
                }
                if value.isTrusted {
                    append(trusted: value.text, to: &pieces)
                } else if !value.text.isEmpty {
                    pieces.append(Piece(piece: .plain(value.text), name: name))
                }
            case .conditional(let name, let body):
                if let value = values[name], value.isSet {
                    try render(body, values, into: &pieces)
                }
            }
        }
    }

    private func append(trusted text: String, to pieces: inout [Piece]) {
        if case .trusted(let last)? = pieces.last?.piece {
            pieces[pieces.count - 1].piece = .trusted(last + text)
        } else if !text.isEmpty {
            pieces.append(Piece(piece: .trusted(text), name: nil))
        }
    }
}
