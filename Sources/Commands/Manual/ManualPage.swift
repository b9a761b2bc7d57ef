import Foundation

/// A manual page in mdoc(7), made of what `--help` is made of.
struct ManualPage {
    /// `nightshift-queue-set`.
    let name: String
    let text: String

    /// The pages of a command and of all below it.
    ///
    /// - parameter path: the names of the commands above it
    static func all(of command: HelpDump.Command, below path: [String] = []) -> [ManualPage] {
        let path = path + [command.commandName]
        let subcommands = (command.subcommands ?? []).filter { $0.commandName != "help" }
        return [ManualPage(command, path: path, subcommands: subcommands)]
            + subcommands.flatMap { all(of: $0, below: path) }
    }

    private init(_ command: HelpDump.Command, path: [String], subcommands: [HelpDump.Command]) {
        name = path.joined(separator: "-")
        let arguments = (command.arguments ?? []).filter { argument in
            argument.shouldDisplay && !argument.spellings.contains("--help")
                && !argument.spellings.contains("--version")
        }
        var roff = Roff()
        roff.head(title: name.uppercased(), name: name, abstract: command.abstract ?? "")
        roff.macro("Sh SYNOPSIS")
        roff.macro("Nm \(path.joined(separator: " "))")
        for argument in arguments { roff.synopsis(argument) }
        if !subcommands.isEmpty { roff.macro("Ar command ...") }
        roff.macro("Sh DESCRIPTION")
        roff.text((command.abstract ?? "") + (command.abstract?.hasSuffix(".") == true ? "" : "."))
        let sections = Discussion(command.discussion ?? "")
        roff.paragraphs(sections.paragraphs)
        if !subcommands.isEmpty {
            roff.macro("Ss Commands")
            roff.list(
                subcommands.map { (term: Roff.name(path + [$0.commandName]), text: $0.abstract ?? "") })
        }
        roff.options(arguments)
        if path.count == 1 {
            roff.environment()
            roff.files()
            roff.exitCodes()
        }
        if !sections.examples.isEmpty {
            roff.macro("Sh EXAMPLES")
            roff.literal(sections.examples)
        }
        roff.macro("Sh SEE ALSO")
        let others = subcommands.isEmpty ? [path.dropLast()] : subcommands.map { path[...] + [$0.commandName] }
        let names = others.filter { !$0.isEmpty }.map { $0.joined(separator: "-") }.sorted()
        for (index, name) in names.enumerated() {
            roff.macro("Xr \(name) 1\(index + 1 < names.count ? " ," : "")")
        }
        text = roff.text
    }
}

/// The paragraphs of a command's discussion, and its examples.
struct Discussion {
    var paragraphs: [String] = []
    var examples: [String] = []

    init(_ text: String) {
        let parts = text.components(separatedBy: "EXAMPLES\n")
        paragraphs = parts[0].components(separatedBy: "\n\n").filter { !$0.allSatisfy(\.isWhitespace) }
        guard parts.count > 1 else { return }
        examples = parts[1].split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("  ") ? String(line.dropFirst(2)) : String(line)
        }
        while examples.last?.allSatisfy(\.isWhitespace) == true { examples.removeLast() }
    }
}
