import Foundation
import JSONText

/// A folder with a corpus, a tokenizer, tokens and the shape of a tiny model, made by the commands themselves.
struct TrainingFixture {
    let folder: URL
    let command: CommandLine

    static let model = """
        {"model_type": "gptj", "n_layer": 2, "n_embd": 32, "n_head": 2, "rotary_dim": 8, "n_positions": 256,
         "vocab_size": 384, "bos_token_id": 0, "eos_token_id": 1}
        """

    /// Sentences in which something can be learnt.
    static func sentence(_ number: Int) -> String {
        let animals = ["cat", "dog", "hen", "fox", "owl", "pig"]
        let places = ["barn", "tree", "house", "field", "river"]
        return "The \(animals[number % 6]) number \(number) sat by the \(places[number % 5]) and looked at the moon."
    }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "nightshift-train-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        command = CommandLine(folder: folder)
        try write("model.json", Self.model)
        let lines = (0..<200).map { start in
            JSONValue.object(["text": .string((0..<4).map { Self.sentence(4 * start + $0) }.joined(separator: " "))])
                .text
        }
        try write("text.jsonl", lines.joined(separator: "\n") + "\n")
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appending(path: name)) }

    @discardableResult
    func run(_ line: String) throws -> CommandLine.Outcome { try command.run(Self.words(line)) }

    static func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

    static let tokenizer =
        "tokenizer train --vocabulary-size 384 --special <|endoftext|> --special <|end|> --output tokenizer text.jsonl"
    static let prepare =
        "train prepare --tokenizer tokenizer --output text.tokens --dev-share 0.1 --dev-output dev.tokens text.jsonl"

    /// Makes tokenizer and tokens.
    func prepare() throws -> TrainingFixture {
        for line in [Self.tokenizer, Self.prepare] {
            let outcome = try run(line)
            guard outcome.status == 0 else { throw CocoaError(.fileReadUnknown, userInfo: ["errors": outcome.errors]) }
        }
        return self
    }

    /// The lines of a training's log without the times.
    func log(_ output: String) throws -> [JSONObject] {
        try text("\(output)/log.jsonl").split(separator: "\n").compactMap { line in
            guard case .object(var object) = try JSONParser.parse(String(line)) else { return nil }
            object["seconds"] = nil
            return object
        }
    }
}
