import ArgumentParser
import JSONText
import Worker

struct LogitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logits",
        abstract: "Token ids to the logits of each position.",
        discussion: """
            in:  {"id", "ids", "last"}   last: true for the last position only
            out: {"id", "logits": [[...], ...]}

            EXAMPLES
              echo '{"id": 1, "ids": [3856, 274], "last": true}' | nightshift engine logits --model ./gpt-j-6b
            """)

    @OptionGroup var options: ModelOptions

    func run() async throws {
        let loaded = try options.load()
        let reader = SequenceReader(model: loaded.makeModel(), adapters: loaded.adapters.mix)
        try await LineService().run { fields, emit in
            try fields.refuseUnknown(["ids", "last"])
            guard let ids = try fields.tokens("ids") else { throw RequestError("ids is missing") }
            var writer = JSONWriter()
            writer.appendRaw("{\"id\":")
            writer.append(fields.id)
            writer.appendRaw(",\"logits\":[")
            let first = try fields.bool("last") == true ? ids.count - 1 : 0
            try reader.read(ids, from: first) { position, logits in
                try logits.requireFinite(position: position)
                if position > first { writer.appendRaw(",") }
                writer.append(list: logits) { $0.append($1) }
            }
            writer.appendRaw("]}")
            try emit(writer.bytes)
        }
    }
}
