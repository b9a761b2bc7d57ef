import ArgumentParser
import Foundation
import JSONText
import ModelFiles

struct ModelListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the models and adapters that can be named without a path, one a line.",
        discussion: """
            They are the folders with a config.json, or with one GGUF file, and the GGUF files in \
            $XDG_DATA_HOME/nightshift/models, by default ~/.local/share/nightshift/models; and 'pocket', which is inside the \
            executable. --adapters lists the LoRA adapters in $XDG_DATA_HOME/nightshift/adapters, the folders with an \
            adapter_config.json.

            EXAMPLES
              nightshift model list
              nightshift model list --adapters --json
            """)

    @Flag(name: .long, help: "List adapters instead of models.")
    var adapters = false

    @Flag(
        name: .long,
        help: #"""
            Print one JSON object: {"folder", "models" or "adapters": [{"name", "path"}]}; the built-in model's path is null.
            """#)
    var json = false

    func run() throws {
        let locator = ModelLocator(environment: ProcessInfo.processInfo.environment)
        guard let folder = locator.modelsFolder else {
            throw CommandError(.configuration, "neither XDG_DATA_HOME nor HOME says where models are kept; set one")
        }
        if adapters { return try listAdapters() }
        // A kept model of that name comes first.
        let names = locator.names.filter { $0 != LocatedModel.builtInName }
        let isReplaced = names.count < locator.names.count
        if json {
            let builtIn: JSONValue = [
                "name": .string(LocatedModel.builtInName),
                "path": isReplaced ? .string(folder.appending(path: LocatedModel.builtInName).path) : .null,
            ]
            let models =
                [builtIn] + names.map { ["name": .string($0), "path": .string(folder.appending(path: $0).path)] }
            return try Console.print((["folder": .string(folder.path), "models": .array(models)] as JSONValue).text)
        }
        try Console.print(LocatedModel.builtInName)
        for name in names { try Console.print(DisplayText.line(name)) }
        if names.isEmpty { Console.note("nightshift: no models in \(folder.path)") }
    }

    private func listAdapters() throws {
        let locator = AdapterLocator(environment: ProcessInfo.processInfo.environment)
        guard let folder = locator.adaptersFolder else { return }
        let names = locator.names
        if json {
            let list = names.map {
                ["name": .string($0), "path": .string(folder.appending(path: $0).path)] as JSONValue
            }
            return try Console.print((["folder": .string(folder.path), "adapters": .array(list)] as JSONValue).text)
        }
        for name in names { try Console.print(DisplayText.line(name)) }
        if names.isEmpty { Console.note("nightshift: no adapters in \(folder.path)") }
    }
}
