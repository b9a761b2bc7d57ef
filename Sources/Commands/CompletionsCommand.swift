import ArgumentParser

struct CompletionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Print a script that completes commands at the shell.",
        discussion: """
            EXAMPLES
              nightshift completions bash > ~/.local/share/bash-completion/completions/nightshift
              nightshift completions zsh > ~/.zfunc/_nightshift
              nightshift completions fish > ~/.config/fish/completions/nightshift.fish
            """)

    @Argument(help: "bash, zsh or fish.", completion: .list(["bash", "zsh", "fish"]))
    var shell: String

    func run() async throws {
        let shells: [String: CompletionShell] = ["bash": .bash, "zsh": .zsh, "fish": .fish]
        guard let shell = shells[shell] else {
            throw CommandError(.usage, "'\(shell)' is no shell that is known; choose bash, zsh or fish")
        }
        try Console.print(Nightshift.completionScript(for: shell))
    }
}
