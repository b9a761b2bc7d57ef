import ArgumentParser
import Foundation
import JSONText
import Kernels
import Tokenization
import Training

struct TokenizerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer",
        abstract: "Make tokenizers.",
        discussion: """
            EXAMPLES
              nightshift tokenizer train --vocabulary-size 4096 --special '<|endoftext|>' --output tokenizer books.jsonl.gz
            """,
        subcommands: [TokenizerTrainCommand.self])
}

struct TokenizerTrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Learn a byte-level BPE tokenizer from texts.",
        discussion: """
            Writes tokenizer.json as HuggingFace's tokenizers reads it, and vocab.json, merges.txt, tokenizer_config.json \
            and special_tokens_map.json beside it. The PyPI package tokenizers learns the same merges from the same texts.

            Files are running text, or JSON lines with a field "text" or with "segments" as 'nightshift train prepare' \
            takes them; with .gz behind the name they are unpacked.

            EXAMPLES
              nightshift tokenizer train --vocabulary-size 4096 --special '<|endoftext|>' --output tokenizer books.jsonl.gz
            """)

    @Argument(help: "Texts: .txt or .jsonl, with or without .gz.", completion: .file())
    var files: [String]

    @Option(help: "Tokens in all: special ones, the 256 bytes, and merges.")
    var vocabularySize = 4096

    @Option(
        help: ArgumentHelp(
            "A token that stands for itself; may be repeated. They get the first identifiers, in this order.",
            valueName: "token"))
    var special: [String] = []

    @Flag(help: "Leave each digit a token of its own: small models copy numbers better that way.")
    var noDigitMerges = false

    @Option(help: "Pairs that occur less often aren't merged.")
    var minimumFrequency = 2

    @Option(help: ArgumentHelp("What running text is called in lines of JSON.", valueName: "name"))
    var field = "text"

    @Option(
        help: ArgumentHelp(
            "The special token that ends a text; by default <|end|> where there is one, else <|endoftext|> or the first.",
            valueName: "token"))
    var eos: String?

    @Option(help: "Positions of the model that it's for, which HuggingFace's tokenizers warn beyond.")
    var maximumLength = 2048

    @Option(help: "The folder to write to; it's made where it isn't there.", completion: .directory)
    var output: String

    @Flag(help: "Replace a tokenizer that is there.")
    var force = false

    @Flag(help: "One JSON object with the figures.")
    var json = false

    func validate() throws {
        guard Set(special).count == special.count else { throw ValidationError("a token is given twice by --special") }
        guard !special.contains("") else { throw ValidationError("--special takes a text that isn't empty") }
        guard (special.count + 256...1 << 20).contains(vocabularySize) else {
            throw ValidationError(
                "--vocabulary-size takes \(special.count + 256) (the bytes and the special tokens) to \(1 << 20)")
        }
        guard minimumFrequency >= 1 else { throw ValidationError("--minimum-frequency takes 1 or more") }
        guard maximumLength >= 1 else { throw ValidationError("--maximum-length takes 1 or more") }
        if let eos, !special.contains(eos) { throw ValidationError("--eos names no token given by --special") }
    }

    func run() async throws {
        let folder = URL(filePath: output, directoryHint: .isDirectory)
        if !force, OutputFile.exists(folder.appending(path: "tokenizer.json").path) {
            throw OutputFileError.exists(path: folder.appending(path: "tokenizer.json").path)
        }
        let start = ContinuousClock.now
        var words = WordCounter()
        var progress = CorpusProgress(files, verb: "counted")
        try progress.eachDocument(field: field) { document, _, _ in
            for segment in document.segments { add(segment, to: &words) }
        }
        guard !words.counts.isEmpty else { throw TrainingError.tooLittleText(problem: "the files have no text") }
        let trainer = BytePairTrainer(
            vocabularySize: vocabularySize, specialTokens: special, minimumFrequency: minimumFrequency,
            mergesDigits: !noDigitMerges)
        let line = ProgressLine()
        let definition = trainer.train(words) { merges in line.update("learnt \(merges.grouped) merges") }
        line.clear()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, bytes) in definition.files(roles: roles, maximumLength: maximumLength) {
            let file = try OutputFile(path: folder.appending(path: name).path, replaces: true)
            try file.write(bytes)
            try file.finish()
        }
        try report(definition, words, elapsed: ContinuousClock.now - start)
    }

    /// What stands between the special tokens of a segment is text to learn from.
    private func add(_ segment: CorpusDocument.Segment, to words: inout WordCounter) {
        guard segment.isSpecial else { return words.add(segment.text) }
        var rest = [segment.text[...]]
        for token in special { rest = rest.flatMap { $0.split(separator: token) } }
        for text in rest { words.add(String(text)) }
    }

    private var roles: TokenizerDefinition.Roles? {
        guard let first = special.first else { return nil }
        let endOfText = special.contains("<|endoftext|>") ? "<|endoftext|>" : first
        return .init(
            beginning: endOfText, end: eos ?? (special.contains("<|end|>") ? "<|end|>" : endOfText), padding: endOfText)
    }

    private func report(_ definition: TokenizerDefinition, _ words: WordCounter, elapsed: Duration) throws {
        let tokenizer = try Tokenizer(definition)
        var (bytes, tokens) = (0, 0)
        for (word, count) in words.counts {
            bytes += word.count * count
            tokens += tokenizer.encode(String(decoding: word, as: UTF8.self)).count * count
        }
        let bytesPerToken = Double(bytes) / Double(max(tokens, 1))
        if json {
            let object: JSONValue = [
                "output": .string(output), "vocabulary_size": .integer(definition.vocabulary.count),
                "merges": .integer(definition.merges.count), "special_tokens": .integer(special.count),
                "bytes": .integer(bytes), "words": .integer(words.counts.count), "tokens": .integer(tokens),
                "bytes_per_token": .number((1000 * bytesPerToken).rounded() / 1000),
            ]
            return try Console.print(object.text)
        }
        try Console.print(
            "\(output): \(definition.vocabulary.count.grouped) tokens (\(special.count) special, "
                + "\(definition.merges.count.grouped) merges) from \(bytes.byteText) of text, "
                + String(format: "%.2f bytes a token, in %.1f s", bytesPerToken, elapsed / .seconds(1)))
        if definition.vocabulary.count < vocabularySize {
            Console.note(
                "nightshift: the texts have no more pairs that occur \(minimumFrequency) times; "
                    + "\((vocabularySize - definition.vocabulary.count).grouped) tokens fewer than asked for")
        }
    }
}
