import Foundation
import JobCatalog
import ModelFiles

/// A configuration as it was read: YAML, one level of names and values.
struct ConfigurationFile: Sendable {
    struct Entry: Sendable, Equatable {
        /// Checked, a path made absolute.
        var value: String
        var line: Int
    }

    struct Problem: Sendable, Equatable {
        var line: Int
        var column: Int
        var text: String
    }

    let path: String
    private(set) var entries: [SettingKey: Entry] = [:]
    /// In the order of the file.
    private(set) var problems: [Problem] = []

    static let maximumBytes = 64 * 1024

    /// Reads a file; what is wrong with single entries is in ``problems``.
    ///
    /// - throws: ``CommandError`` (66, 77, 78) for a file that can't be read, `JobCatalogError` for what is no YAML.
    init(path: String, directories: BaseDirectories) throws {
        self.path = path
        let input = try FileInput(path)
        var bytes: [UInt8] = []
        while case let piece = try input.nextPiece(), !piece.isEmpty {
            bytes += piece
            guard bytes.count <= Self.maximumBytes else {
                throw CommandError(.configuration, "\(path): larger than 64 KiB, which no configuration is")
            }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        // A file of nothing but comments says nothing, and that is fine.
        let isBlank = text.split(whereSeparator: \.isNewline).allSatisfy { line in
            line.allSatisfy(\.isWhitespace) || line.drop(while: \.isWhitespace).hasPrefix("#")
        }
        guard !isBlank else { return }
        let node = try DefinitionNode.parse(bytes, file: path)
        guard case .map(let entries) = node.content else {
            throw CommandError(
                .configuration, "\(path), line \(node.line): expected names and values, such as 'threads: 2'")
        }
        for entry in entries { read(entry, directories: directories) }
    }

    private mutating func read(_ entry: DefinitionNode.Entry, directories: BaseDirectories) {
        func note(_ text: String, line: Int, column: Int) {
            problems.append(Problem(line: line, column: column, text: text))
        }
        // Whoever knows the option types a hyphen.
        guard let key = SettingKey(rawValue: entry.key) else {
            let known = SettingKey.allCases.map(\.rawValue)
            let spelled = entry.key.replacing("-", with: "_")
            note(
                "there is no setting '\(DisplayText.line(entry.key, limit: 80))'"
                    + (known.contains(spelled)
                        ? "; did you mean '\(spelled)'?" : Suggestion.clause(for: entry.key, in: known))
                    + " (settings: \(known.joined(separator: ", ")))", line: entry.line, column: entry.column)
            return
        }
        guard case .scalar(let text, _) = entry.value.content else {
            return note("'\(key.rawValue)' takes one value", line: entry.value.line, column: entry.value.column)
        }
        do {
            entries[key] = Entry(value: absolute(try key.check(text), of: key, directories), line: entry.line)
        } catch {
            note("'\(key.rawValue)': \(error.text)", line: entry.value.line, column: entry.value.column)
        }
    }

    private func absolute(_ value: String, of key: SettingKey, _ directories: BaseDirectories) -> String {
        switch key.form {
        case .path: break
        case .pathOrName where value.contains("/"): break
        default: return value
        }
        let expanded = directories.expandingHome(value)
        guard !expanded.hasPrefix("/") else { return expanded }
        return URL(filePath: path).deletingLastPathComponent().appending(path: expanded).standardizedFileURL
            .path(percentEncoded: false)
    }

    func description(of problem: Problem) -> String {
        "\(path), line \(problem.line), column \(problem.column): \(problem.text)"
    }
}
