import ArgumentParser

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Look at models: what they are, whether they're whole, which there are.",
        discussion: """
            EXAMPLES
              nightshift model inspect ./gpt-j-6b
              nightshift model verify ./gpt-j-6b
              nightshift model list
            """,
        subcommands: [InspectCommand.self, VerifyCommand.self, ModelListCommand.self])
}
