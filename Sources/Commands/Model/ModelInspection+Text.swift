import Foundation
import GPTJ
import ModelFiles

extension ModelInspection {
    /// What a person wants to see first; then the tensors, one by one or in groups.
    func text(listsTensors: Bool) -> String {
        overview.text + "\n" + (listsTensors ? tensorTable : groupTable).text
    }

    private var overview: AlignedRows {
        let network = configuration
        var table = AlignedRows()
        table.append("model", url.path)
        table.append(
            "architecture",
            "gptj: \(network.layerCount) layers, width \(network.width.grouped), inner \(network.innerWidth.grouped), "
                + "\(network.headCount) heads of \(network.headLength), \(network.rotaryLength) of them rotated")
        table.append("context", "\(network.contextLength.grouped) tokens")
        table.append(
            "vocabulary",
            network.vocabularySize.grouped + (network.tiesWordEmbeddings ? ", head tied to the embedding" : ""))
        table.append("parameters", parameterCount.grouped)
        let (fileCount, byteCount) = (checkpoint.files.count, checkpoint.files.reduce(0) { $0 + $1.byteCount })
        table.append(
            "weights",
            "\(checkpoint.form.rawValue), \(fileCount) \(fileCount == 1 ? "file" : "files"), \(byteCount.byteText)")
        table.append(
            "types",
            types.map { "\($0.type.rawValue): \($0.tensorCount) tensors, \($0.byteCount.byteText)" }
                .joined(separator: "; "))
        table.append("tokenizer", tokenizer.text)
        table.append("fingerprint", fingerprint)
        if let sourceFingerprint { table.append("made from", sourceFingerprint) }
        table.append("complete", findings.problems.isEmpty ? "yes" : "no; 'model verify' says what is wrong")
        if !findings.buffers.isEmpty { table.append("buffers", "\(findings.buffers.count), not used") }
        if !findings.unexpected.isEmpty {
            table.append("unexpected", "\(findings.unexpected.count) tensors that GPT-J has no use for")
        }
        return table
    }

    private var groupTable: AlignedRows {
        var table = AlignedRows()
        for (group, count) in groups {
            table.append(group.pattern, "\(count) ×", group.type.rawValue, "\(group.shape)")
        }
        return table
    }

    private var tensorTable: AlignedRows {
        var table = AlignedRows()
        for tensor in tensors {
            table.append(tensor.name, tensor.type.rawValue, "\(tensor.shape)", tensor.path)
        }
        return table
    }
}
