import ArgumentParser

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Look at models: what they are, whether they're whole, which there are; convert them.",
        discussion: """
            EXAMPLES
              nightshift model inspect ./gpt-j-6b
              nightshift model verify ./gpt-j-6b
              nightshift model list
              nightshift model convert ./gpt-j-6b gpt-j-6b.gguf --weights int8
              nightshift model stage /shared/gpt-j-6b --to /local/models
            """,
        subcommands: [
            InspectCommand.self, VerifyCommand.self, ModelListCommand.self, ConvertCommand.self, StageCommand.self,
        ])
}
