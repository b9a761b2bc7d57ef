public import Foundation
import JSONText
public import Kernels
import ModelFiles

/// An adapter's folder as the PyPI package `peft` reads it, written from what was trained.
public struct AdapterFolder: Sendable {
    private let form: AdapterParameters.Form
    private let dropout: Double
    private let baseModel: String
    private let type: ElementType

    /// - parameters:
    ///   - dropout: that it was trained with
    ///   - baseModel: the model that it changes, by name or path
    ///   - type: how the matrices are stored
    public init(_ form: AdapterParameters.Form, dropout: Double, baseModel: String, type: ElementType) {
        self.form = form
        self.dropout = dropout
        self.baseModel = baseModel
        self.type = type
    }

    /// Writes both files; each is whole or as it was before.
    ///
    /// - returns: how many numbers aren't finite, or aren't any more in the stored type.
    /// - throws: `OutputFileError`; Foundation's errors where the folder can't be made.
    @discardableResult
    public func write(_ parameters: ParameterSet, to folder: URL) throws -> Int {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let configuration = try OutputFile(
            path: folder.appending(path: AdapterConfiguration.fileName).path, replaces: true)
        try configuration.write(Array(json.text.utf8) + [0x0A])
        try configuration.finish()
        let writer = try SafetensorsWriter(
            path: folder.appending(path: Adapter.fileNames[0]).path,
            parameters.entries.map { .init(name: $0.name, shape: $0.shape, type: type) }, metadata: ["format": "pt"],
            replaces: true)
        var failures = 0
        for entry in parameters.entries {
            failures += try writer.write(parameters.matrix(entry, of: parameters.values))
        }
        try writer.finish()
        return failures
    }

    private var json: JSONValue {
        [
            "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": .string(baseModel),
            "r": .integer(form.rank), "lora_alpha": .number(form.alpha), "lora_dropout": .number(dropout),
            "target_modules": .array(form.targets.map { .string($0) }), "bias": "none", "fan_in_fan_out": false,
            "inference_mode": true, "init_lora_weights": true, "use_rslora": .bool(form.usesRankStabilizedScale),
            "use_dora": false, "modules_to_save": .null, "layers_to_transform": .null, "layers_pattern": .null,
            "rank_pattern": .object([:]), "alpha_pattern": .object([:]), "revision": .null,
        ]
    }
}
