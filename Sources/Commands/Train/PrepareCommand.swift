import ArgumentParser
import Foundation
import JSONText
import Kernels
import Tokenization
import Training

struct PrepareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare",
        abstract: "Turn texts into a file of tokens, once, for 'nightshift train'.",
        discussion: """
            A .txt file is running text, in which a line <|endoftext|> parts documents. A .jsonl file has a document a \
            line, with .gz behind the name it's unpacked:

              {"text": "…"}
                  running text, all of it to be learnt
              {"segments": [{"text": "<|answer|>", "special": true, "weight": 0}, {"text": "…", "weight": 0.2}, …],
               "end": "<|end|>"}
                  an example of a task: each segment is tokenized by itself, and predicting its tokens counts as much as \
            its weight says, 0 to 1; special tokens are recognized only where "special" is true; "end": null for none

            Each document ends with its "end", by default the end of text. "split": "dev" puts it into --dev-output; where \
            a line doesn't say, --dev-share of the documents go there, by a hash of their text.

            Running text is cleaned: composed characters, line ends, control characters, white space at the ends of lines, \
            empty lines. Examples are taken as they are.

            EXAMPLES
              nightshift train prepare --tokenizer tokenizer --output text.tokens --dev-share 0.01 --dev-output dev.tokens \
            --deduplicate --shuffle-seed 1 books.jsonl.gz notes.txt
            """)

    @Argument(help: "Texts: .txt or .jsonl, with or without .gz.", completion: .file())
    var files: [String]

    @Option(help: "The tokenizer's folder: tokenizer.json, or vocab.json and merges.txt.", completion: .directory)
    var tokenizer: String

    @Option(help: "The file of tokens to write.", completion: .file())
    var output: String

    @Option(help: ArgumentHelp("Shuffle the documents, by this number.", valueName: "number"))
    var shuffleSeed: UInt64?

    @Option(help: "The share of documents that is held out, 0 to 0.5.")
    var devShare = 0.0

    @Option(help: "The file for held-out documents; without it there are none.", completion: .file())
    var devOutput: String?

    @Flag(help: "Leave out texts that are there already, or nearly: running text of which four fifths are the same.")
    var deduplicate = false

    @Flag(help: "Take running text as it is.")
    var noClean = false

    @Flag(help: "Name lines that are wrong, and go on.")
    var skipMalformed = false

    @Option(help: ArgumentHelp("What running text is called in lines of JSON.", valueName: "name"))
    var field = "text"

    @Option(help: ArgumentHelp("The token between documents.", valueName: "token"))
    var endOfText = "<|endoftext|>"

    @Flag(help: "One JSON object with the figures.")
    var json = false

    func validate() throws {
        guard (0...0.5).contains(devShare) else { throw ValidationError("--dev-share takes 0 to 0.5") }
        guard devShare == 0 || devOutput != nil else {
            throw ValidationError("--dev-share needs --dev-output, the file for them")
        }
        guard devOutput != output else { throw ValidationError("--output and --dev-output name one file") }
    }

    func run() async throws {
        let start = ContinuousClock.now
        let definition = try TokenizerDefinition(folder: URL(filePath: self.tokenizer, directoryHint: .isDirectory))
        let tokenizer = try Tokenizer(definition)
        guard let end = tokenizer.id(ofToken: endOfText) else {
            throw CommandError(
                .badData,
                "\(self.tokenizer): has no token '\(endOfText)' to stand between documents; name another by --end-of-text"
            )
        }
        var settings = TokenPreparation.Settings()
        settings.cleans = !noClean
        settings.removesDuplicates = deduplicate
        settings.heldOutShare = devShare
        settings.shuffleSeed = shuffleSeed
        for path in [output, devOutput].compactMap(\.self) { OutputFile.removeAbandoned(besides: path) }
        var preparation = try TokenPreparation(
            tokenizer, endOfText: end, fingerprint: TokenizerFingerprint.fingerprint(of: definition),
            settings: settings,
            path: output, heldOutPath: devOutput)
        var progress = CorpusProgress(files, verb: "read", skipsMalformed: skipMalformed)
        try progress.eachDocument(field: field) { document, path, line in
            try preparation.add(document, path: path, line: line)
        }
        try preparation.finish()
        try show(preparation.report, malformed: progress.malformed, elapsed: ContinuousClock.now - start)
        if progress.malformed > 0 {
            throw CommandError(.someFailed, "\(counted(progress.malformed, "line")) passed over")
        }
    }

    private func show(_ report: TokenPreparation.Report, malformed: Int, elapsed: Duration) throws {
        func object(_ summary: TokenFile.Summary) -> JSONValue {
            [
                "documents": .integer(summary.documentCount), "examples": .integer(summary.exampleCount),
                "tokens": .integer(summary.tokenCount), "bytes": .integer(summary.byteCount),
            ]
        }
        if json {
            let figures: JSONValue = [
                "documents": .integer(report.documents), "empty": .integer(report.empty),
                "duplicates": .integer(report.duplicates), "near_duplicates": .integer(report.nearDuplicates),
                "left_out": .integer(report.leftOut), "malformed": .integer(malformed),
                "train": object(report.training), "dev": report.heldOut.map(object) ?? .null,
            ]
            return try Console.print(figures.text)
        }
        func line(_ path: String, _ summary: TokenFile.Summary) -> String {
            "\(path): \(counted(summary.documentCount, "document")), \(summary.tokenCount.grouped) tokens"
                + String(format: ", %.2f bytes each", Double(summary.byteCount) / Double(max(summary.tokenCount, 1)))
        }
        try Console.print(line(output, report.training))
        if let devOutput, let heldOut = report.heldOut { try Console.print(line(devOutput, heldOut)) }
        let without = [
            (report.empty, "empty"), (report.duplicates, "there twice"), (report.nearDuplicates, "nearly there twice"),
            (report.leftOut, "held out by their split, and --dev-output isn't given"),
        ].filter { $0.0 > 0 }.map { "\($0.0.grouped) \($0.1)" }
        try Console.print(
            "of \(counted(report.documents, "document"))" + String(format: ", in %.1f s", elapsed / .seconds(1))
                + (without.isEmpty ? "" : "; without those " + without.joined(separator: ", ")))
    }
}
