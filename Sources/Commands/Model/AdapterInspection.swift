import Foundation
import GPTJ
import JSONText
import ModelFiles

/// All that can be said about an adapter.
struct AdapterInspection {
    let adapter: Adapter
    let digest: String

    /// Reads all of it, which is little.
    ///
    /// - throws: `ModelFileError`.
    init(folder: URL) throws {
        adapter = try Adapter(folder: folder)
        digest = try adapter.digest
    }

    /// The folder that a name stands for, where that is an adapter's and no model's.
    static func folder(named name: String?) -> URL? {
        guard let name, let folder = try? AdapterLocator(environment: ProcessInfo.processInfo.environment).locate(name),
            AdapterLocator.isAdapter(folder),
            !FileManager.default.fileExists(atPath: folder.appending(path: "config.json").path)
        else { return nil }
        return folder
    }

    private var parameterCount: Int { adapter.changes.reduce(0) { $0 + $1.a.elementCount + $1.b.elementCount } }
    private var byteCount: Int { parameterCount * MemoryLayout<Float>.stride }
    private var ranks: [Int] { Set(adapter.changes.map(\.rank)).sorted() }
    private var scales: [Double] { Set(adapter.changes.map(\.scale)).sorted() }

    /// The ends of the modules' names, such as `q_proj`, each with how many there are.
    private var targets: [(name: String, count: Int)] {
        Dictionary(grouping: adapter.changes) { $0.module.split(separator: ".").last.map(String.init) ?? "" }
            .map { ($0, $1.count) }.sorted { $0.0 < $1.0 }
    }

    func json(listsTensors: Bool) -> JSONObject {
        var object: JSONObject = [
            "adapter": .string(adapter.path), "peft_type": "LORA", "r": .integer(adapter.configuration.rank),
            "lora_alpha": .number(adapter.configuration.alpha),
            "use_rslora": .bool(adapter.configuration.usesRankStabilizedScale),
            "base_model_name_or_path": adapter.configuration.baseModel.map { .string($0) } ?? .null,
            "targets": .object(
                JSONObject(members: targets.map { .init(name: $0.name, value: .integer($0.count)) })),
            "ranks": .array(ranks.map { .integer($0) }), "scales": .array(scales.map { .number($0) }),
            "modules": .integer(adapter.changes.count), "parameters": .integer(parameterCount),
            "memory_bytes": .integer(byteCount), "fingerprint": .string(Adapter.fingerprint(ofDigest: digest)),
        ]
        if listsTensors {
            object["tensors"] = .array(
                adapter.changes.flatMap { [$0.a, $0.b] }.map { tensor in
                    [
                        "name": .string(tensor.name), "type": .string(tensor.type.rawValue),
                        "shape": .array(tensor.shape.map { .integer($0) }), "file": .string(tensor.path),
                    ]
                })
        }
        return object
    }

    func text(listsTensors: Bool) -> String {
        let configuration = adapter.configuration
        var rows = AlignedRows()
        rows.append("adapter", adapter.path)
        rows.append("kind", "LoRA" + (configuration.usesRankStabilizedScale ? ", rank-stabilized" : ""))
        if let base = configuration.baseModel { rows.append("made for", base) }
        rows.append("rank", ranks.map(String.init).joined(separator: ", "))
        rows.append("scale", scales.map { "\($0)" }.joined(separator: ", "))
        rows.append("changes", targets.map { "\($0.name) (\($0.count))" }.joined(separator: ", "))
        rows.append("parameters", parameterCount.grouped)
        rows.append("memory", byteCount.byteText)
        rows.append("fingerprint", Adapter.fingerprint(ofDigest: digest))
        var text = rows.text
        if listsTensors {
            for tensor in adapter.changes.flatMap({ [$0.a, $0.b] }) {
                text += DisplayText.line("\(tensor.name)  \(tensor.type.rawValue)  \(tensor.shape)") + "\n"
            }
        }
        return text
    }
}
