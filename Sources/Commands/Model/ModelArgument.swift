import ArgumentParser
import ModelFiles

/// Which model a command looks at without running it.
struct ModelArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The model: a folder as downloaded from HuggingFace, a file of weights in one, a GGUF file, or the name of a "
                + "folder or GGUF file where models are kept.", valueName: "path|name"),
        completion: .model)
    var path: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The same, as other commands take it (environment: NIGHTSHIFT_MODEL).", valueName: "path|name"),
        completion: .model)
    var model: String?

    func validate() throws {
        if path != nil, model != nil { throw ValidationError("Name one model: by PATH or by --model, not by both.") }
    }

    /// - throws: ``CommandError`` (69) when no model is named, `ModelFileError` when it isn't there.
    func locate() throws -> LocatedModel {
        try ModelOptions.locate(path ?? model)
    }
}
