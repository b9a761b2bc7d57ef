import ArgumentParser
import Commands
import Foundation
import JSONText
import Testing

@Suite("Examples in the help")
struct HelpExampleTests {
    private static func commands(
        from command: any ParsableCommand.Type, path: [String] = []
    ) -> [(path: String, type: any ParsableCommand.Type)] {
        let path = path + [command.configuration.commandName ?? "?"]
        return [(path.joined(separator: " "), command)]
            + command.configuration.subcommands.flatMap { commands(from: $0, path: path) }
    }

    @Test("every command has a discussion with at least one example of itself")
    func everyCommandHasExamples() {
        for (path, command) in Self.commands(from: Nightshift.self) {
            let lines = Self.examples(of: command)
            #expect(!lines.isEmpty, "\(path) has no EXAMPLES")
            #expect(lines.contains { $0.contains("nightshift") }, "\(path) has no example of a command")
        }
    }

    @Test("every example is a command that would be taken")
    func examplesParse() throws {
        for (path, command) in Self.commands(from: Nightshift.self) {
            for arguments in Self.examples(of: command).flatMap(ShellWords.nightshiftCalls) {
                #expect(throws: Never.self, "\(path): nightshift \(arguments.joined(separator: " "))") {
                    do {
                        _ = try Nightshift.parsed(arguments)
                    } catch  where Nightshift.exitCode(for: error) == .success {
                        // --help, --version and the like end well.
                    }
                }
            }
        }
    }

    @Test("options that every command takes are no command's own")
    func globalOptions() throws {
        let outcome = try CommandLine().run(["--experimental-dump-help"])
        let help = try JSONParser.parse(outcome.output)
        func own(_ command: JSONValue, _ path: [String]) -> [String] {
            guard case .string(let name)? = command["commandName"] else { return [] }
            let path = path + [name]
            let isOwn = (command["arguments"]?.array ?? []).contains { argument in
                (argument["names"]?.array ?? []).contains { ["config", "color"].contains($0["name"]) }
            }
            return (isOwn ? [path.joined(separator: " ")] : [])
                + (command["subcommands"]?.array ?? []).flatMap { own($0, path) }
        }
        #expect(own(try #require(help["command"]), []) == ["nightshift"])
    }

    private static func examples(of command: any ParsableCommand.Type) -> [String] {
        let parts = command.configuration.discussion.components(separatedBy: "EXAMPLES\n")
        guard parts.count == 2 else { return [] }
        return parts[1].split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }
}

/// As much of a shell as examples need: quotes, pipes, redirections, variables in front.
enum ShellWords {
    /// The arguments of every call of nightshift in a line.
    static func nightshiftCalls(in line: String) -> [[String]] {
        // A remark stands after two spaces or more, or a hash.
        let words = words(of: line.components(separatedBy: "  ")[0].components(separatedBy: " #")[0])
        return words.split(whereSeparator: { ["|", ";", "&&", "do", "&"].contains($0) }).compactMap { call in
            guard let start = call.firstIndex(of: "nightshift"),
                call[..<start].allSatisfy({ $0.contains("=") || ["sudo", "exec", "time", "nice"].contains($0) })
            else { return nil }
            return Array(call[(start + 1)...].prefix { !["<", ">", ">>", "2>"].contains($0) })
        }
    }

    private static func words(of line: String) -> [String] {
        var words: [String] = []
        var word = ""
        var isWord = false
        var quote: Character?
        // What another command prints is some word.
        var rest = line.replacing(#/"?\$\([^)]*\)"?/#, with: "x")[...]
        while let character = rest.popFirst() {
            switch character {
            case quote: quote = nil
            case "'" where quote == nil, "\"" where quote == nil: (quote, isWord) = (character, true)
            case " " where quote == nil:
                if isWord || !word.isEmpty { words.append(word) }
                (word, isWord) = ("", false)
            case "\\" where quote != "'": if let next = rest.popFirst() { word.append(next) }
            default: word.append(character)
            }
        }
        if isWord || !word.isEmpty { words.append(word) }
        return words
    }
}
