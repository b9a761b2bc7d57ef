import ArgumentParser
import Documents
import Foundation
import JSONText
import JobCatalog
import JobStore

/// A template as people name it: `brief`, or `brief@2` for another version than the latest.
struct TemplateReference {
    let name: String
    let version: Int?

    init(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        if parts.count > 1, let version = parts.last.flatMap({ Int($0) }) {
            (name, self.version) = (parts.dropLast().joined(separator: "@"), version)
        } else {
            (name, version) = (text, nil)
        }
    }

    /// - throws: ``CommandError`` (66) that names what there is.
    func find(in store: JobStore) async throws -> QueueTemplate {
        guard let row = try await store.template(named: name, version: version) else {
            throw try await absence(in: store)
        }
        return row
    }

    /// Why there is no such template.
    func absence(in store: JobStore) async throws -> CommandError {
        let short = DisplayText.line(name, limit: 80)
        let versions = try await store.templates(named: name).map { "\($0.version)" }
        if !versions.isEmpty {
            return CommandError(
                .noInput,
                "template '\(short)' has no version \(version ?? 0) (versions: \(versions.joined(separator: ", ")))")
        }
        let names = try await store.templates(latestOnly: true).map(\.name)
        let hint =
            names.isEmpty
            ? "; add one with: nightshift template add \(ShellText.quoted(short)) FILE --kind KIND"
            : Suggestion.clause(for: name, in: names) + " (templates: \(names.joined(separator: ", ")))"
        return CommandError(.noInput, "there is no template '\(short)' in the queue\(hint)")
    }
}

/// A template's text from a file.
enum TemplateText {
    /// Bytes; far more than any model reads.
    private static let maximumBytes = 1 << 20

    /// The text of a file, or of standard input, less the line end that editors put at its end.
    ///
    /// - throws: ``CommandError`` (65, 66, 77).
    static func read(_ path: String) throws -> String {
        let input = try FileInput(path)
        var bytes: [UInt8] = []
        while case let piece = try input.nextPiece(), !piece.isEmpty {
            bytes += piece
            guard bytes.count <= maximumBytes else {
                throw CommandError(.badData, "\(input.name): larger than 1 MiB, which no prompt is")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError(.badData, "\(input.name): isn't UTF-8; convert it, for instance with iconv")
        }
        guard !text.allSatisfy(\.isWhitespace) else { throw CommandError(.badData, "\(input.name): holds no text") }
        guard !text.utf8.contains(0) else { throw CommandError(.badData, "\(input.name): holds a NUL character") }
        return text.last?.isNewline == true ? String(text.dropLast()) : text
    }
}

extension NewTemplate {
    /// Whether the kind can make a prompt of it.
    ///
    /// - throws: ``CommandError`` (64) for a name that isn't one, `JobCatalogError` for the rest.
    func check() throws {
        guard TemplateReference(name).version == nil, (1...64).contains(name.count),
            name.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) })
        else {
            throw CommandError(.usage, "a template's name is 1 to 64 letters, digits, '-', '_' and '.'")
        }
        guard let kind else { return }
        let definition = try JobCatalog.ofUser.definition(named: kind)
        let inputs = JobInputs(
            document: definition.inputs[.document] == nil ? nil : "Text of a document.",
            question: definition.inputs[.question] == nil ? nil : "What?")
        try definition.validate(
            inputs, stored: StoredTemplate(name: name, version: 1, body: body, options: options.dictionary))
    }
}

extension JobStore {
    /// Stores a template and says what became of it.
    func keep(_ template: NewTemplate) async throws {
        let (version, isNew) = try await add(template, now: Date())
        try Console.print("\(template.name)@\(version)")
        Console.noteForeign(
            isNew
                ? "kept as version \(version); use it with: nightshift add \(template.kind ?? "KIND") -t \(template.name) FILE"
                : "version \(version) says the same already; nothing was changed")
    }
}

extension StoredTemplate {
    init(_ row: QueueTemplate) throws {
        try self.init(name: row.name, version: row.version, body: row.body, optionsJSON: row.options)
    }
}
