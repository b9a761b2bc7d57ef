import ArgumentParser
import JSONText

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show a model's architecture, shapes, types, tokenizer and fingerprint, or what an adapter changes.",
        discussion: """
            Weights aren't read, but for the few that the fingerprint samples. 'model verify' reads them all.

            EXAMPLES
              nightshift model inspect ./gpt-j-6b
              nightshift model inspect pocket --tensors
            """)

    @OptionGroup var model: ModelArgument

    @Flag(name: .long, help: "List every tensor with its type, shape and file.")
    var tensors = false

    @Flag(name: .long, help: "Print one JSON object; sizes have their names in config.json.")
    var json = false

    func run() throws {
        if let folder = AdapterInspection.folder(named: model.path ?? model.model) {
            let inspection = try AdapterInspection(folder: folder)
            return try json
                ? Console.print(JSONValue.object(inspection.json(listsTensors: tensors)).text)
                : Console.write(Array(inspection.text(listsTensors: tensors).utf8))
        }
        let inspection = try ModelInspection(model.locate())
        if json {
            try Console.print(JSONValue.object(inspection.json(listsTensors: tensors)).text)
        } else {
            try Console.write(Array(inspection.text(listsTensors: tensors).utf8))
        }
    }
}
