import ArgumentParser
import JobCatalog

/// Looks for slips in the names of commands, which the parser would only call unexpected.
enum CommandNames {
    /// - throws: ``CommandError`` (64) where a word isn't the name of a command, but near to one, or where only a name of a
    ///   command can stand.
    static func check(_ arguments: [String], of root: any ParsableCommand.Type) throws {
        var command = root
        var path: [String] = []
        for argument in arguments {
            // Completion scripts ask with three hyphens; what comes after an option may be its value.
            guard !argument.hasPrefix("-"), argument != "help" else { return }
            let subcommands = command.configuration.subcommands
            if subcommands.isEmpty { return }
            path.append(command._commandName)
            if let next = subcommands.first(where: {
                $0._commandName == argument || $0.configuration.aliases.contains(argument)
            }) {
                command = next
                continue
            }
            let names = subcommands.map { $0._commandName }
            let nearest = Suggestion.nearest(to: argument, in: names)
            // A default subcommand may take the word.
            guard command.configuration.defaultSubcommand == nil || nearest != nil else { return }
            let short = DisplayText.line(argument, limit: 80)
            throw CommandError(
                .usage,
                "there is no command '\((path.dropFirst() + [short]).joined(separator: " "))'"
                    + (nearest.map { "; did you mean '\((path.dropFirst() + [$0]).joined(separator: " "))'?" }
                        ?? "; '\((path + ["--help"]).joined(separator: " "))' lists those there are"))
        }
    }
}
