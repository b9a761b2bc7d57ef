import ArgumentParser
import Documents
import Foundation
import JSONText

struct TextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "text",
        abstract: "Print what is read of documents: the text that jobs get.",
        discussion: """
            Files, folders, patterns and '-' as for 'add', and nothing is queued. Each document's title, media type and size \
            go to standard error, its text to standard output; with --json both to standard output, an object a line.

            EXAMPLES
              nightshift text report.pdf | less
              nightshift text 'letters/**' --info
              nightshift text reviews.csv --column body --json
              curl -s https://example.org | nightshift text -
            """)

    @OptionGroup var reading: ReadingFlags

    @Argument(help: "Files, folders, patterns, or - for standard input.", completion: .file())
    var documents: [String]

    @Flag(help: "Print the facts and not the texts.")
    var info = false

    @Flag(help: "Print an object a document, with title, source, media_type, sha256, metadata and text.")
    var json = false

    func run() async throws {
        let intake = DocumentIntake(documents, text: nil, options: try reading.options())
        for problem in intake.problems { Console.noteForeign("nightshift: \(problem)") }
        if let problem = intake.problems.first, intake.count == 0 {
            throw CommandError(problem.exitStatus, "nothing to read")
        }
        var (good, failed) = (0, intake.problems.count)
        var lastProblem: DocumentError?
        try await intake.takeEach { _, item in
            switch item {
            case .success(.document(let document)):
                if good > 0, !json, !info { try Console.print("") }
                good += 1
                try show(document)
            case .success(.text): break
            case .failure(let error):
                failed += 1
                lastProblem = error
                Console.noteForeign("nightshift: \(error)")
            }
        }
        if let skipped = intake.skippedSummary { Console.note(skipped) }
        guard failed > 0 else { return }
        let status = good > 0 ? .someFailed : lastProblem?.exitStatus ?? .badData
        throw CommandError(status, "\(counted(failed, "document")) could not be read, see above")
    }

    private func show(_ document: Document) throws {
        if json { return try Console.print(DelimitedText.json(.object(object(document)))) }
        let facts = Self.facts(of: document)
        if info { return try Console.printForeign(facts) }
        Console.noteForeign(facts)
        try Console.printForeign(document.text)
    }

    private func object(_ document: Document) -> JSONObject {
        var object: JSONObject = [
            "source": .string(document.source), "title": .string(document.title),
            "media_type": .string(document.mediaType), "sha256": .string(document.sha256),
            "characters": .integer(document.text.unicodeScalars.count), "metadata": .object(document.metadata),
        ]
        if !info { object["text"] = .string(document.text) }
        return object
    }

    private static func facts(of document: Document) -> String {
        var words = 0
        var isWithin = false
        for byte in document.text.utf8 {
            if byte > 0x20, !isWithin { words += 1 }
            isWithin = byte > 0x20
        }
        var facts = ["'\(DisplayText.line(document.title))'", document.mediaType, "\(words.grouped) words"]
        for member in document.metadata.members where ["pages", "author", "from", "date"].contains(member.name) {
            switch member.value {
            case .string(let text): facts.append("\(member.name) \(DisplayText.line(text, limit: 100))")
            case .integer(let number): facts.append("\(number) \(member.name)")
            default: break
            }
        }
        return "\(DisplayText.line(document.source)): \(facts.joined(separator: ", "))"
    }
}
