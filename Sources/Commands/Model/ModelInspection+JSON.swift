import Foundation
import GPTJ
import JSONText
import ModelFiles

extension ModelInspection {
    /// Sizes under the names of config.json.
    func json(listsTensors: Bool) -> JSONObject {
        let network = configuration
        var object: JSONObject = [
            "model": .string(url.path), "architecture": "gptj", "n_layer": .integer(network.layerCount),
            "n_embd": .integer(network.width), "n_inner": .integer(network.innerWidth),
            "n_head": .integer(network.headCount), "rotary_dim": .integer(network.rotaryLength),
            "n_positions": .integer(network.contextLength), "vocab_size": .integer(network.vocabularySize),
            "layer_norm_epsilon": network.layerNormEpsilon.json,
            "tie_word_embeddings": .bool(network.tiesWordEmbeddings), "parameters": .integer(parameterCount),
            "form": .string(checkpoint.form.rawValue),
            "files": .array(
                checkpoint.files.map { ["path": .string($0.path), "bytes": .integer($0.byteCount)] }),
            "types": .object(
                JSONObject(
                    members: types.map { type in
                        .init(
                            name: type.type.rawValue,
                            value: ["tensors": .integer(type.tensorCount), "bytes": .integer(type.byteCount)])
                    })),
            "tokenizer": tokenizer.json, "fingerprint": .string(fingerprint),
            "complete": .bool(findings.problems.isEmpty),
            "problems": .array(findings.problems.map(\.json)),
            "buffers": .array(findings.buffers.map { .string($0) }),
            "unexpected": .array(findings.unexpected.map { .string($0) }),
            "shapes": .array(
                groups.map { group, count in
                    [
                        "name": .string(group.pattern), "count": .integer(count), "type": .string(group.type.rawValue),
                        "shape": group.shape.json,
                    ]
                }),
        ]
        if let sourceFingerprint { object["source_fingerprint"] = .string(sourceFingerprint) }
        if listsTensors {
            object["tensors"] = .array(
                tensors.map { tensor in
                    [
                        "name": .string(tensor.name), "type": .string(tensor.type.rawValue), "shape": tensor.shape.json,
                        "file": .string(tensor.path),
                    ]
                })
        }
        return object
    }
}

extension Float {
    /// The number as a person would write it: 1e-05, not the double nearest to the float.
    var json: JSONValue { .number(Double(description) ?? Double(self)) }
}

extension [Int] {
    fileprivate var json: JSONValue { .array(map { .integer($0) }) }
}

extension ModelProblem {
    /// `{"file", "tensor", "problem"}`.
    var json: JSONValue {
        ["file": .string(path), "tensor": tensor.map { .string($0) } ?? .null, "problem": .string(problem)]
    }
}
