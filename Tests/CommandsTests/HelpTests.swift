import ArgumentParser
import Commands
import Testing

@Suite("Help")
struct HelpTests {
    /// Every command below the first, and itself.
    private static func commands(from command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        [command] + command.configuration.subcommands.flatMap { commands(from: $0) }
    }

    @Test("paragraphs are left to the terminal's width")
    func paragraphsAreWhole() {
        for command in Self.commands(from: Nightshift.self) {
            let lines = command.configuration.discussion.split(separator: "\n", omittingEmptySubsequences: false)
            for (line, next) in zip(lines, lines.dropFirst()) where line.count > 85 {
                // Columns and descriptions of JSON lines keep their form.
                let isProse = !line.hasPrefix(" ") && !line.hasPrefix("in: ")
                #expect(!isProse || next.isEmpty || next.hasPrefix(" "), "\(command) breaks after: \(line)")
            }
        }
    }

    @Test("every command has an abstract that ends with a full stop")
    func abstracts() {
        for command in Self.commands(from: Nightshift.self) {
            #expect(command.configuration.abstract.hasSuffix("."), "\(command)")
        }
    }
}
