import Bulk
import Foundation
import JSONText
import JobCatalog
import Kernels
import Records
import Tokenization
import Training

/// A prompt, and what the model is to write after it.
struct TuningPair {
    /// What a template says is trusted, what a job brought is plain.
    var prompt: [TextPiece]
    var completion: String
    /// What a look at the set tells beside the pair.
    var origin: JSONObject = [:]
}

/// Pairs on their way into files of tokens: prompts that count nothing, completions that are to be learnt.
struct TuningSetWriter {
    /// What became of the pairs.
    struct Report: Equatable {
        var training = 0
        var heldOut = 0
        /// Longer than a window.
        var tooLong = 0
        /// Without a word to learn.
        var empty = 0
    }

    private(set) var report = Report()
    private let tokenizer: Tokenizer
    private let end: TokenID?
    private let length: Int
    private let heldOutShare: Double
    private let writers: (training: TokenFileWriter, heldOut: TokenFileWriter)?
    private let show: ((_ pair: TuningPair, _ isHeldOut: Bool) throws -> Void)?

    static func path(in folder: URL) -> String { folder.appending(path: "pairs.tokens").path }
    static func heldOutPath(in folder: URL) -> String { folder.appending(path: "dev.tokens").path }

    /// - parameters:
    ///   - end: the token that is learnt to end every completion
    ///   - length: the most tokens of a pair
    ///   - heldOutShare: of the pairs that don't say whether they are held out, by a hash of their tokens
    ///   - folder: where the files go; `nil` for none
    ///   - show: gets every pair that is taken
    /// - throws: `OutputFileError`.
    init(
        _ tokenizer: Tokenizer, fingerprint: String, end: TokenID?, length: Int, heldOutShare: Double, in folder: URL?,
        show: ((_ pair: TuningPair, _ isHeldOut: Bool) throws -> Void)? = nil
    ) throws {
        self.tokenizer = tokenizer
        self.end = end
        self.length = length
        self.heldOutShare = heldOutShare
        self.show = show
        let summary = TokenFile.Summary(vocabularySize: tokenizer.vocabularySize, tokenizer: fingerprint)
        writers = try folder.map {
            (
                try TokenFileWriter(path: Self.path(in: $0), summary),
                try TokenFileWriter(path: Self.heldOutPath(in: $0), summary)
            )
        }
    }

    /// Adds a pair.
    ///
    /// - parameter isHeldOut: `nil` for as the share says.
    mutating func add(_ pair: TuningPair, isHeldOut: Bool? = nil) throws {
        let prompt = tokenizer.encode(pair.prompt)
        guard !pair.completion.allSatisfy(\.isWhitespace) else {
            report.empty += 1
            return
        }
        var completion = tokenizer.encode(Self.spaced(pair.completion, after: prompt, by: tokenizer))
        if let end { completion.append(end) }
        guard prompt.count + completion.count <= length else {
            report.tooLong += 1
            return
        }
        let tokens = prompt + completion
        let weights = prompt.map { _ in Float(0) } + completion.map { _ in Float(1) }
        let isHeldOut = isHeldOut ?? (TokenFile.share(of: tokens) < heldOutShare)
        if let writers {
            try (isHeldOut ? writers.heldOut : writers.training).append(
                tokens, weights: weights, byteCount: pair.completion.utf8.count, isExample: true)
        }
        try show?(pair, isHeldOut)
        if isHeldOut { report.heldOut += 1 } else { report.training += 1 }
    }

    /// A space stands before the first word, as before all others, unless the prompt ends with one or with a special token.
    private static func spaced(_ completion: String, after prompt: [TokenID], by tokenizer: Tokenizer) -> String {
        let text = String(completion.drop(while: \.isWhitespace))
        guard let last = prompt.last, !tokenizer.isSpecial(last), let byte = tokenizer.bytes(of: last)?.last else {
            return text
        }
        return [0x20, 0x0A, 0x09, 0x0D].contains(byte) ? text : " " + text
    }

    /// - throws: `TrainingError` where there is nothing to learn.
    func finish() throws {
        guard report.training > 0 else {
            let reasons = [
                (report.tooLong, "too long for --length \(length)"), (report.empty, "without an output"),
                (report.heldOut, "held out"),
            ]
            .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
            throw TrainingError.tooLittleText(
                problem: "there is no pair to learn from"
                    + (reasons.isEmpty ? "" : ": " + reasons.joined(separator: ", ")))
        }
        try writers?.training.finish()
        try writers?.heldOut.finish()
    }
}

/// Reads pairs from lines of JSON: a kind's inputs with what is to be written, or a prompt with it.
struct TuningPairReader {
    private static let documentNames = ["document", "input", "text"]
    private static let outputNames = ["output", "completion"]

    let path: String
    /// Of lines that name none; `nil` where all must.
    let kind: String?
    let style: PromptStyle
    let options: [String: JSONValue]
    let catalog: JobCatalog

    /// - parameter body: gets each pair, and whether its line says that it's held out.
    /// - throws: ``CommandError`` for a file that can't be read, `TrainingError` for a line that is no pair.
    func eachPair(_ body: (_ pair: TuningPair, _ isHeldOut: Bool?) throws -> Void) throws {
        let file = try FileInput(path)
        var lines = JSONLinesReader(file.bytes)
        while let line = try lines.next() {
            switch line {
            case .failure(let problem):
                throw TrainingError.malformedText(path: file.name, line: problem.line, problem: problem.message)
            case .success(let record):
                do {
                    try body(try pair(record.fields), try isHeldOut(record.fields))
                } catch let problem as LineProblem {
                    throw TrainingError.malformedText(path: file.name, line: record.line, problem: problem.text)
                } catch let error as JobCatalogError {
                    throw TrainingError.malformedText(
                        path: file.name, line: record.line, problem: String(describing: error))
                }
            }
        }
    }

    private struct LineProblem: Error { let text: String }

    private func pair(_ fields: JSONObject) throws -> TuningPair {
        guard let completion = try text(Self.outputNames, fields) else {
            throw LineProblem(text: "has no \"output\"")
        }
        if let prompt = try text(["prompt"], fields) {
            return TuningPair(prompt: [.trusted(prompt)], completion: completion)
        }
        guard let kind = try text(["kind"], fields) ?? kind else {
            throw LineProblem(text: "has no \"prompt\"; for a kind's inputs name the kind by --kind")
        }
        var options = options
        switch fields["options"] {
        case nil, .null?: break
        case .object(let own)?: options.merge(own.dictionary) { $1 }
        case let other?: throw LineProblem(text: "\"options\" must be an object, and is \(other.summary)")
        }
        let inputs = JobInputs(
            document: try text(Self.documentNames, fields), title: try text(["title"], fields),
            question: try text(["question"], fields), options: options)
        let prompt = try catalog.definition(named: kind).prompt(style: style, inputs: inputs)
        return TuningPair(prompt: prompt.pieces, completion: completion)
    }

    private func text(_ names: [String], _ fields: JSONObject) throws -> String? {
        for name in names {
            switch fields[name] {
            case nil, .null?: continue
            case .string(let text)?: return text
            case let other?: throw LineProblem(text: "\"\(name)\" must be a text, and is \(other.summary)")
            }
        }
        return nil
    }

    private func isHeldOut(_ fields: JSONObject) throws -> Bool? {
        switch fields["split"] {
        case nil, .null?: return nil
        case .string("train")?: return false
        case .string("dev")?, .string("validation")?, .string("test")?: return true
        case let other?: throw LineProblem(text: "\"split\" must be \"train\" or \"dev\", and is \(other.summary)")
        }
    }
}
