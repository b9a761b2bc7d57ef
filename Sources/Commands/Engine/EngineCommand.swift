import ArgumentParser

struct EngineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Talk to the engine: JSON lines in, JSON lines out.",
        discussion: """
            Each line on standard input is an object; answers carry the same "id". A wrong line is answered by \
            {"id","error"} and the rest go on (exit 1). A model that can't be loaded ends the command (exit 65, 66 or 69).

            EXAMPLES
              echo '{"id":1,"text":"Hello, world"}' | nightshift engine tokenize --model ./gpt-j-6b
              echo '{"id":1,"prompt":"Once upon","max_new_tokens":20}' | nightshift engine generate --model ./gpt-j-6b
            """,
        subcommands: [
            TokenizeCommand.self, DetokenizeCommand.self, LogitsCommand.self, GenerateCommand.self, ScoreCommand.self,
            DistributionCommand.self, PerplexityCommand.self, BenchCommand.self,
        ])
}
