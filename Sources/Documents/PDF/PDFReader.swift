internal import Foundation
internal import JSONText

/// Reads PDFs by poppler's `pdftotext`, as a process of its own: what is in a PDF can't hurt this one.
struct PDFReader {
    let options: ReadingOptions

    private static let package = "poppler-utils"
    private static let format = DocumentFormat.pdf.name

    /// - throws: ``DocumentError``.
    func read(_ file: InputFile) throws -> HTMLReader.Outcome {
        let bytes = try run("pdftotext", ["-enc", "UTF-8", "-eol", "unix", "/dev/stdin", "-"], file)
        var outcome = HTMLReader.Outcome()
        let pages = PDFPages(bytes)
        outcome.text = pages.text
        // What is said beside the text is worth nothing without it.
        let facts = (try? run("pdfinfo", ["-enc", "UTF-8", "/dev/stdin"], file)).map(Self.facts) ?? [:]
        let count = facts["Pages"].flatMap { Int($0) } ?? pages.count
        guard outcome.text.utf8.count(where: { $0 > 0x20 }) > 0 else {
            throw DocumentError.noText(path: file.path, pages: count)
        }
        outcome.metadata["pages"] = .integer(count)
        if let author = facts["Author"] { outcome.metadata["author"] = .string(author) }
        if let date = facts["CreationDate"] { outcome.metadata["date"] = .string(date) }
        outcome.title = Self.usableTitle(facts["Title"] ?? "")
        return outcome
    }

    private func run(_ command: String, _ arguments: [String], _ file: InputFile) throws -> [UInt8] {
        do {
            lseek(file.descriptor, 0, SEEK_SET)
            return try Converter(command: command, arguments: arguments, limits: options).run(input: file.descriptor)
        } catch {
            throw Self.error(error, command, file.path, options)
        }
    }

    private static func error(
        _ failure: Converter.Failure, _ command: String, _ path: String, _ options: ReadingOptions
    ) -> DocumentError {
        switch failure {
        case .notInstalled: return .noConverter(path: path, format: format, command: command, package: package)
        case .cannotStart(let reason): return .converterFailed(path: path, command: command, reason: reason)
        case .tooSlow(let seconds):
            return .converterFailed(
                path: path, command: command,
                reason:
                    "it took longer than \(seconds.formatted(.number.precision(.fractionLength(0...1)))) s, which is the limit"
            )
        case .tooMuchOutput: return .tooMuchText(path: path, limit: options.maximumTextBytes)
        case .failed(let message, let status):
            if message.contains("Incorrect password") { return .protected(path: path, format: format) }
            let lines = message.split(separator: "\n").map(String.init)
            // A signal, most often by the limit of memory or computing time.
            if status < 0 || message.contains("Out of memory") || message.contains("bad_alloc") {
                return .converterFailed(
                    path: path, command: command,
                    reason:
                        "it was stopped by signal \(-status); the limits are \(options.converterMemoryBytes >> 20) MiB and "
                        + "\(Int(options.converterSeconds)) s")
            }
            let first = lines.first { !$0.contains("Syntax Warning") } ?? "exit status \(status)"
            return .damaged(path: path, format: "PDF", problem: DisplayLine.plain(first, limit: 200))
        }
    }

    private static func facts(_ output: [UInt8]) -> [String: String] {
        var facts: [String: String] = [:]
        for line in TextDecoding.lenientText(of: output, declared: "utf-8").split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = HTMLReader.collapsed(String(line[line.index(after: colon)...].prefix(1000)))
            if !value.isEmpty { facts[String(line[..<colon])] = value }
        }
        return facts
    }

    /// Programs that print put the file's name where the title should be.
    private static func usableTitle(_ title: String) -> String {
        let lower = title.lowercased()
        let isName =
            [".doc", ".docx", ".tex", ".dvi", ".qxd", ".indd", ".pdf", ".odt", ".ps"].contains { lower.hasSuffix($0) }
            || lower.hasPrefix("microsoft word") || lower.hasPrefix("untitled") || lower.hasPrefix("powerpoint")
        return isName || title.count < 3 ? "" : title
    }
}

/// Foreign words in a message: one line, not endless, nothing that a terminal would obey.
enum DisplayLine {
    static func plain(_ text: String, limit: Int) -> String {
        let scalars = text.unicodeScalars.prefix(limit).map { scalar in
            [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
                ? " " : scalar
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
