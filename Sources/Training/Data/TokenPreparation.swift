import Foundation
import Kernels
public import Tokenization

/// Turns documents into files of tokens: cleaned, without duplicates, split into training and held-out data.
///
/// One document is in memory at a time; what grows with their number is some bytes each, and with `removesDuplicates`
/// about 0.7 KB.
public struct TokenPreparation {
    public struct Settings: Sendable {
        /// Whether running text is cleaned; examples of tasks are taken as they are.
        public var cleans = true
        public var removesDuplicates = false
        /// The share of documents that is held out, by a hash of their text, where they don't say it themselves.
        public var heldOutShare = 0.0
        /// Shuffles the documents; `nil` leaves them in their order.
        public var shuffleSeed: UInt64?

        public init() {}
    }

    /// What became of the documents.
    public struct Report: Sendable, Equatable {
        public var documents = 0
        public var empty = 0
        public var duplicates = 0
        public var nearDuplicates = 0
        /// Held out by the file's own word, where no file for held-out data was asked for.
        public var leftOut = 0
        public var training: TokenFile.Summary
        public var heldOut: TokenFile.Summary?
    }

    public private(set) var report: Report
    private let tokenizer: Tokenizer
    private let endOfText: TokenID
    private let settings: Settings
    private let training: Output
    private let heldOut: Output?
    private var duplicates = DuplicateFinder()

    /// - parameters:
    ///   - endOfText: the token between documents
    ///   - fingerprint: the tokenizer's, see ``TokenizerFingerprint``
    ///   - heldOutPath: where held-out documents go; without it, there are none
    /// - throws: `OutputFileError`.
    public init(
        _ tokenizer: Tokenizer, endOfText: TokenID, fingerprint: String, settings: Settings, path: String,
        heldOutPath: String?
    ) throws {
        self.tokenizer = tokenizer
        self.endOfText = endOfText
        self.settings = settings
        let summary = TokenFile.Summary(vocabularySize: tokenizer.vocabularySize, tokenizer: fingerprint)
        training = try Output(path: path, summary, shuffleSeed: settings.shuffleSeed)
        heldOut = try heldOutPath.map { try Output(path: $0, summary, shuffleSeed: settings.shuffleSeed) }
        report = Report(training: summary)
    }

    /// Adds a document.
    ///
    /// - throws: ``CorpusDocument``'s problem as a text, for an end that is no token; `OutputFileError`.
    public mutating func add(_ document: CorpusDocument, path: String, line: Int) throws {
        var document = document
        report.documents += 1
        if settings.cleans, !document.isExample {
            document.segments = document.segments.map { segment in
                var segment = segment
                segment.text = TextCleaner.clean(segment.text)
                return segment
            }
        }
        guard document.segments.contains(where: { !$0.text.isEmpty }) else {
            report.empty += 1
            return
        }
        if settings.removesDuplicates {
            switch duplicates.look(at: document) {
            case .new: break
            case .duplicate:
                report.duplicates += 1
                return
            case .nearDuplicate:
                report.nearDuplicates += 1
                return
            }
        }
        let isHeldOut = document.split.map { $0 == .heldOut } ?? isHeldOutByHash(document)
        guard let output = isHeldOut ? heldOut : training else {
            report.leftOut += 1
            return
        }
        let (tokens, weights) = try encode(document, path: path, line: line)
        try output.append(tokens, weights: weights, byteCount: document.byteCount, isExample: document.isExample)
    }

    /// Finishes the files.
    ///
    /// - throws: ``TrainingError`` where nothing is left to train on; `OutputFileError`.
    public mutating func finish() throws {
        guard training.summary.tokenCount > 0 else {
            throw TrainingError.tooLittleText(problem: "none of \(report.documents) documents is left to train on")
        }
        try training.finish()
        try heldOut?.finish()
        report.training = training.summary
        report.heldOut = heldOut?.summary
    }

    private func encode(
        _ document: CorpusDocument, path: String, line: Int
    ) throws -> (tokens: [TokenID], weights: [Float]) {
        var tokens: [TokenID] = []
        var weights: [Float] = []
        for segment in document.segments {
            let part = tokenizer.encode(segment.text, allowSpecial: segment.isSpecial)
            tokens += part
            weights += [Float](repeating: segment.weight, count: part.count)
        }
        let end: TokenID?
        switch document.end {
        case .usual: end = endOfText
        case .nothing: end = nil
        case .token(let content):
            end = tokenizer.id(ofToken: content)
            guard end != nil else {
                throw TrainingError.malformedText(
                    path: path, line: line, problem: "\"end\" is '\(content)', which is no token of the tokenizer")
            }
        }
        if let end {
            tokens.append(end)
            weights.append(document.segments.last?.weight ?? 1)
        }
        return (tokens, weights)
    }

    private func isHeldOutByHash(_ document: CorpusDocument) -> Bool {
        guard heldOut != nil, settings.heldOutShare > 0 else { return false }
        var hash: UInt64 = 0
        for segment in document.segments {
            for byte in segment.text.utf8 { hash = CountingGenerator.mix(hash &+ UInt64(byte) &+ 1) }
        }
        return Double(hash >> 11) * 0x1p-53 < settings.heldOutShare
    }
}

/// A file of tokens on its way: in the documents' order, or shuffled once all are there.
private final class Output {
    private let path: String
    private let shuffleSeed: UInt64?
    private let writer: TokenFileWriter

    init(path: String, _ summary: TokenFile.Summary, shuffleSeed: UInt64?) throws {
        self.path = path
        self.shuffleSeed = shuffleSeed
        writer = try TokenFileWriter(path: shuffleSeed == nil ? path : Self.unshuffled(path), summary)
    }

    private static func unshuffled(_ path: String) -> String { path + ".unshuffled" }

    var summary: TokenFile.Summary { writer.summary }

    func append(_ tokens: [TokenID], weights: [Float], byteCount: Int, isExample: Bool) throws {
        try writer.append(tokens, weights: weights, byteCount: byteCount, isExample: isExample)
    }

    func finish() throws {
        try writer.finish()
        guard let shuffleSeed else { return }
        let unshuffled = Self.unshuffled(path)
        defer { try? FileManager.default.removeItem(atPath: unshuffled) }
        try TokenFile(path: unshuffled).writeShuffled(to: path, seed: shuffleSeed)
    }
}

extension TokenFile {
    /// Writes the documents to another file, in an order that the seed determines.
    ///
    /// - throws: `OutputFileError`, ``TrainingError``.
    func writeShuffled(to path: String, seed: UInt64) throws {
        let writer = try TokenFileWriter(
            path: path, .init(vocabularySize: summary.vocabularySize, tokenizer: summary.tokenizer))
        let count = summary.documentCount
        if count > 0 {
            let order = Permutation(count: count, key: seed)
            for index in 0..<count {
                let (tokens, weights) = try records(document(order[index]))
                try writer.append(tokens, weights: weights, byteCount: 0)
            }
        }
        writer.summary.byteCount = summary.byteCount
        writer.summary.exampleCount = summary.exampleCount
        try writer.finish()
    }
}
