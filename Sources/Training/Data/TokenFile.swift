import JSONText
import Kernels
public import Tokenization

/// Tokens of many documents, one after the other, in a file that is mapped: what training reads.
///
/// First the records, one for each token: its identifier (2 bytes for vocabularies up to 65,536, else 4) and a byte of
/// weight, how much predicting it counts in 255ths. Then a JSON object, 8 bytes of its length, and 8 bytes of mark.
/// Little-endian throughout. What is cut off has no mark.
public struct TokenFile: Sendable {
    static let mark = Array("NSTOKEN1".utf8)

    /// What the end of the file tells.
    public struct Summary: Sendable, Equatable {
        public var tokenCount = 0
        public var documentCount = 0
        /// Bytes of the texts that the tokens stand for.
        public var byteCount = 0
        public var vocabularySize: Int
        /// Tells tokenizers apart.
        public var tokenizer: String

        public init(vocabularySize: Int, tokenizer: String) {
            self.vocabularySize = vocabularySize
            self.tokenizer = tokenizer
        }

        /// Bytes of an identifier.
        var tokenBytes: Int { vocabularySize <= 1 << 16 ? 2 : 4 }
        var recordBytes: Int { tokenBytes + 1 }

        var json: JSONValue {
            [
                "token_count": .integer(tokenCount), "document_count": .integer(documentCount),
                "byte_count": .integer(byteCount), "vocabulary_size": .integer(vocabularySize),
                "tokenizer": .string(tokenizer),
            ]
        }

        init?(_ json: JSONValue) {
            guard case .integer(let tokens)? = json["token_count"],
                case .integer(let documents)? = json["document_count"],
                case .integer(let bytes)? = json["byte_count"], case .integer(let size)? = json["vocabulary_size"],
                case .string(let tokenizer)? = json["tokenizer"], tokens >= 0, (1...1 << 24).contains(size)
            else { return nil }
            (tokenCount, documentCount, byteCount) = (tokens, documents, bytes)
            (vocabularySize, self.tokenizer) = (size, tokenizer)
        }
    }

    public let path: String
    public let summary: Summary
    private let records: MappedRegion

    /// - throws: ``TrainingError`` for a file that isn't one of these, or isn't whole; `MappedFileError`.
    public init(path: String) throws {
        let file = try MappedFile(path: path)
        func refusal(_ problem: String) -> TrainingError { .malformedTokens(path: path, problem: problem) }
        guard file.count >= 16, try file.bytes(offset: file.count - 8, count: 8) == Self.mark else {
            throw refusal("isn't a whole file of tokens")
        }
        let length = UInt64(littleEndian: try file.integer(UInt64.self, at: file.count - 16))
        guard length <= 1 << 20, Int(length) <= file.count - 16 else { throw refusal("its end is damaged") }
        let end = file.count - 16 - Int(length)
        let json = try? JSONParser.parse(file.bytes(offset: end, count: Int(length)))
        guard let summary = json.flatMap(Summary.init) else { throw refusal("its end is damaged") }
        let (byteCount, overflow) = summary.tokenCount.multipliedReportingOverflow(by: summary.recordBytes)
        guard !overflow, byteCount == end else {
            throw refusal("has \(end) bytes of tokens, and should have \(summary.tokenCount) tokens")
        }
        self.path = path
        self.summary = summary
        records = try file.region(offset: 0, count: end)
    }

    /// Some tokens in a row. The weight of a position is that of predicting the token after it.
    ///
    /// - throws: ``TrainingError`` for an identifier outside of the vocabulary.
    public func window(_ range: Range<Int>) throws -> TrainingBatch.Sequence {
        precondition(range.lowerBound >= 0 && range.upperBound <= summary.tokenCount)
        let (tokenBytes, recordBytes) = (summary.tokenBytes, summary.recordBytes)
        let bytes = try records.region(offset: range.lowerBound * recordBytes, count: range.count * recordBytes).bytes
        var tokens: [TokenID] = []
        var weights: [Float] = []
        tokens.reserveCapacity(range.count)
        weights.reserveCapacity(range.count)
        for start in stride(from: 0, to: bytes.count, by: recordBytes) {
            let id = bytes[start..<start + tokenBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard id < summary.vocabularySize else {
                throw TrainingError.malformedTokens(
                    path: path, problem: "has the identifier \(id), beyond its vocabulary")
            }
            tokens.append(TokenID(id))
            weights.append(Float(bytes[start + tokenBytes]) / 255)
        }
        return TrainingBatch.Sequence(tokens: tokens, weights: Array(weights.dropFirst()) + [0])
    }
}

/// Writes a file of tokens, which appears under its name when it's whole.
public final class TokenFileWriter {
    public private(set) var summary: TokenFile.Summary
    private let file: OutputFile
    private var pending: [UInt8] = []

    /// - throws: `OutputFileError`.
    public init(path: String, _ summary: TokenFile.Summary) throws {
        self.summary = summary
        file = try OutputFile(path: path, replaces: true)
    }

    /// Appends a document.
    ///
    /// - parameters:
    ///   - weights: how much predicting each token counts, 0 to 1
    ///   - byteCount: of its text
    /// - throws: `OutputFileError`.
    public func append(_ tokens: [TokenID], weights: [Float], byteCount: Int) throws {
        precondition(tokens.count == weights.count)
        for (token, weight) in zip(tokens, weights) {
            precondition(token >= 0 && Int(token) < summary.vocabularySize && (0...1).contains(weight))
            for byte in 0..<summary.tokenBytes { pending.append(UInt8(truncatingIfNeeded: token >> (8 * Int32(byte)))) }
            pending.append(UInt8((weight * 255).rounded()))
        }
        summary.tokenCount += tokens.count
        summary.documentCount += 1
        summary.byteCount += byteCount
        if pending.count >= 1 << 20 { try flush() }
    }

    /// Gives the file its end and its name.
    ///
    /// - throws: `OutputFileError`.
    public func finish() throws {
        let json = Array(summary.json.text.utf8)
        pending += json
        withUnsafeBytes(of: UInt64(json.count).littleEndian) { pending += $0 }
        pending += TokenFile.mark
        try flush()
        try file.finish()
    }

    private func flush() throws {
        try file.write(pending)
        pending.removeAll(keepingCapacity: true)
    }
}
