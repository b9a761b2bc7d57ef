import ArgumentParser

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract:
            "Look at models and adapters: what they are, whether they're whole, which there are; convert and merge them.",
        discussion: """
            EXAMPLES
              nightshift model inspect ./gpt-j-6b
              nightshift model verify ./gpt-j-6b
              nightshift model list
              nightshift model convert ./gpt-j-6b gpt-j-6b.gguf --weights int8
              nightshift model stage /shared/gpt-j-6b --to /local/models
              nightshift model merge ./gpt-j-6b ./tales-lora ./gpt-j-tales
            """,
        subcommands: [
            InspectCommand.self, VerifyCommand.self, ModelListCommand.self, ConvertCommand.self, StageCommand.self,
            MergeAdaptersCommand.self,
        ])
}
