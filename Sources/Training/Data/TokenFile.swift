import JSONText
import Kernels
public import Tokenization

/// Tokens of many documents, one after the other, in a file that is mapped: what training reads.
///
/// First the records, one for each token: its identifier (2 bytes for vocabularies up to 65,536, else 4) and a byte of
/// weight, how much predicting it counts in 255ths. Then the length of each document in tokens, 4 bytes each, a JSON
/// object, 8 bytes of its length, and 8 bytes of mark. Little-endian throughout. What is cut off has no mark.
public struct TokenFile: Sendable {
    static let mark = Array("NSTOKEN2".utf8)

    /// What the end of the file tells.
    public struct Summary: Sendable, Equatable {
        public var tokenCount = 0
        public var documentCount = 0
        /// Documents that are examples of a task, made of segments, and no running text.
        public var exampleCount = 0
        /// Bytes of the texts that the tokens stand for.
        public var byteCount = 0
        public var vocabularySize: Int
        /// Tells contents apart; empty in files of before it was written.
        public var hash = ""
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
            var object: JSONObject = [
                "token_count": .integer(tokenCount), "document_count": .integer(documentCount),
                "example_count": .integer(exampleCount), "byte_count": .integer(byteCount),
                "vocabulary_size": .integer(vocabularySize), "tokenizer": .string(tokenizer),
            ]
            if !hash.isEmpty { object["hash"] = .string(hash) }
            return .object(object)
        }

        init?(_ json: JSONValue) {
            guard case .integer(let tokens)? = json["token_count"],
                case .integer(let documents)? = json["document_count"],
                case .integer(let examples)? = json["example_count"],
                case .integer(let bytes)? = json["byte_count"], case .integer(let size)? = json["vocabulary_size"],
                case .string(let tokenizer)? = json["tokenizer"], tokens >= 0, documents >= 0,
                (0...documents).contains(examples), (1...1 << 24).contains(size)
            else { return nil }
            (tokenCount, documentCount, exampleCount, byteCount) = (tokens, documents, examples, bytes)
            (vocabularySize, self.tokenizer) = (size, tokenizer)
            if case .string(let hash)? = json["hash"] { self.hash = hash }
        }
    }

    public let path: String
    public let summary: Summary
    /// Where each document begins, and the end of the last.
    let documentStarts: [Int]
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
        let (lengthBytes, lengthOverflow) = summary.documentCount.multipliedReportingOverflow(by: 4)
        guard !overflow, !lengthOverflow, byteCount <= end, byteCount == end - lengthBytes else {
            throw refusal(
                "has \(end) bytes before its end, and should have \(summary.tokenCount) tokens of "
                    + "\(summary.documentCount) documents")
        }
        self.path = path
        self.summary = summary
        records = try file.region(offset: 0, count: byteCount)
        let lengths = try file.bytes(offset: byteCount, count: lengthBytes)
        var starts = [0]
        starts.reserveCapacity(summary.documentCount + 1)
        for place in stride(from: 0, to: lengths.count, by: 4) {
            starts.append(
                starts[starts.count - 1] + lengths[place..<place + 4].reversed().reduce(0) { $0 << 8 | Int($1) })
        }
        guard starts.last == summary.tokenCount else { throw refusal("its documents don't add up to its tokens") }
        documentStarts = starts
    }

    /// Where a document's tokens lie, the token at its end included.
    public func document(_ index: Int) -> Range<Int> { documentStarts[index]..<documentStarts[index + 1] }

    /// Some tokens in a row. The weight of a position is that of predicting the token after it.
    ///
    /// - throws: ``TrainingError`` for an identifier outside of the vocabulary.
    public func window(_ range: Range<Int>) throws -> TrainingBatch.Sequence {
        let (tokens, weights) = try records(range)
        return TrainingBatch.Sequence(tokens: tokens, weights: Array(weights.dropFirst()) + [0])
    }

    /// Some tokens in a row, and how much predicting each of them counts.
    func records(_ range: Range<Int>) throws -> (tokens: [TokenID], weights: [Float]) {
        precondition(range.lowerBound >= 0 && range.upperBound <= summary.tokenCount)
        let (tokenBytes, recordBytes) = (summary.tokenBytes, summary.recordBytes)
        let bytes = try records.region(offset: range.lowerBound * recordBytes, count: range.count * recordBytes).bytes
        var tokens: [TokenID] = []
        var weights: [Float] = []
        tokens.reserveCapacity(range.count)
        weights.reserveCapacity(range.count)
        for start in stride(from: 0, to: bytes.count, by: recordBytes) {
            var id = Int(bytes[start]) | Int(bytes[start + 1]) << 8
            if tokenBytes == 4 { id |= Int(bytes[start + 2]) << 16 | Int(bytes[start + 3]) << 24 }
            guard id < summary.vocabularySize else {
                throw TrainingError.malformedTokens(
                    path: path, problem: "has the identifier \(id), beyond its vocabulary")
            }
            tokens.append(TokenID(id))
            weights.append(Float(bytes[start + tokenBytes]) / 255)
        }
        return (tokens, weights)
    }
}

extension TokenFile {
    /// A number from 0 to 1 that the tokens determine: evenly spread, to hold out a share of documents by.
    public static func share(of tokens: [TokenID]) -> Double {
        let hash = tokens.reduce(UInt64(0)) { CountingGenerator.mix($0 &+ UInt64(truncatingIfNeeded: $1) &+ 1) }
        return Double(hash >> 11) * 0x1p-53
    }
}

/// Writes a file of tokens, which appears under its name when it's whole.
public final class TokenFileWriter {
    public internal(set) var summary: TokenFile.Summary
    private let file: OutputFile
    private var pending: [UInt8] = []
    private var lengths: [UInt32] = []
    private var hash: UInt64 = 0

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
    ///   - isExample: whether it's an example of a task
    /// - throws: `OutputFileError`.
    public func append(_ tokens: [TokenID], weights: [Float], byteCount: Int, isExample: Bool = false) throws {
        precondition(tokens.count == weights.count)
        hash = CountingGenerator.mix(hash &+ UInt64(tokens.count))
        for (token, weight) in zip(tokens, weights) {
            hash = CountingGenerator.mix(hash &+ UInt64(truncatingIfNeeded: token) &+ UInt64(weight.bitPattern) << 32)
            precondition(token >= 0 && Int(token) < summary.vocabularySize && (0...1).contains(weight))
            for byte in 0..<summary.tokenBytes { pending.append(UInt8(truncatingIfNeeded: token >> (8 * Int32(byte)))) }
            pending.append(UInt8((weight * 255).rounded()))
        }
        summary.tokenCount += tokens.count
        summary.documentCount += 1
        if isExample { summary.exampleCount += 1 }
        lengths.append(UInt32(tokens.count))
        summary.byteCount += byteCount
        if pending.count >= 1 << 20 { try flush() }
    }

    /// Gives the file its end and its name.
    ///
    /// - throws: `OutputFileError`.
    public func finish() throws {
        summary.hash = String(hash, radix: 16)
        for length in lengths { withUnsafeBytes(of: length.littleEndian) { pending += $0 } }
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
