/// What can be wrong with the files of a model. Every case names the file; its description says what was expected,
/// what was found and, where there is something to do about it, what.
public enum ModelFileError: Error, Equatable, Sendable {
    /// A file that must be there isn't.
    case fileMissing(path: String, advice: String)
    /// The system refused to open, map or read a file.
    case unreadable(path: String, reason: String)
    /// A folder has none of the files that weights come in.
    case noWeights(folder: String, lookedFor: [String])
    /// No folder or file answers to the name of a model.
    case modelNotFound(name: String, lookedFor: [String])
    /// No folder answers to the name of an adapter.
    case adapterNotFound(name: String, lookedFor: [String])
    /// The file is Git LFS's stand-in for the real one.
    case lfsPointer(path: String)
    /// The bytes don't follow the format. `part` is the part of the file that was being read.
    case malformed(path: String, part: String, problem: String)
    /// A field of a JSON file has a value that can't be.
    case field(path: String, field: String, expected: String, found: String)
    /// A tensor isn't what it must be.
    case tensor(path: String, tensor: String, expected: String, found: String)
    /// Tensors that the configuration demands aren't in the checkpoint; at least one, each with its shape.
    case tensorsMissing(path: String, tensors: [String])
    /// A pickle names something that is on no list of harmless things. `byte` counts from the start of the pickle.
    case forbiddenGlobal(path: String, part: String, global: String, byte: Int)
    /// A form that exists but isn't read here.
    case unsupported(path: String, found: String, advice: String)

    /// Whether a file or a model isn't there at all, as opposed to being there and wrong.
    public var isAboutAbsence: Bool {
        switch self {
        case .fileMissing, .noWeights, .modelNotFound, .adapterNotFound: true
        default: false
        }
    }
}

extension ModelFileError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .fileMissing(let path, let advice):
            "\(path): no such file. \(advice)"
        case .unreadable(let path, let reason):
            "\(path): can't be read: \(reason)"
        case .noWeights(let folder, let lookedFor):
            "\(folder): no weights in this folder; looked for \(lookedFor.joined(separator: ", "))"
        case .modelNotFound(let name, let lookedFor):
            "no model \(name.quoted); looked for \(lookedFor.joined(separator: ", ")). "
                + "Give the path of a folder as downloaded from HuggingFace or of a GGUF file, or put one where models are "
                + "kept."
        case .adapterNotFound(let name, let lookedFor):
            "no adapter \(name.quoted); looked for \(lookedFor.joined(separator: ", ")). "
                + "Give the path of a folder with adapter_config.json and adapter_model.safetensors, or put one where "
                + "adapters are kept."
        case .lfsPointer(let path):
            "\(path): is a Git LFS pointer, not the file itself. Run 'git lfs pull' in the folder of the model."
        case .malformed(let path, let part, let problem):
            "\(path): \(part): \(problem)"
        case .field(let path, let field, let expected, let found):
            "\(path): field \(field): expected \(expected), found \(found)"
        case .tensor(let path, let tensor, let expected, let found):
            "\(path): tensor \(tensor.quoted): expected \(expected), found \(found)"
        case .tensorsMissing(let path, let tensors):
            "\(path): \(tensors.count) \(tensors.count == 1 ? "tensor is" : "tensors are") missing that the "
                + "configuration demands: \(tensors.prefix(4).joined(separator: ", "))\(tensors.count > 4 ? ", …" : ""). "
                + "The download may be incomplete, or config.json may belong to another model."
        case .forbiddenGlobal(let path, let part, let global, let byte):
            "\(path): \(part): names \(global.quoted) at byte \(byte), which no checkpoint needs. "
                + "Nothing was executed. Don't trust this file; look for one in the safetensors format."
        case .unsupported(let path, let found, let advice):
            "\(path): \(found). \(advice)"
        }
    }
}

extension String {
    /// The text between quotes, fit for one line of a terminal: no control characters, no endless names.
    package var quoted: String {
        let limit = 160
        var text = ""
        for scalar in unicodeScalars.prefix(limit) {
            text += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return "'\(text)\(unicodeScalars.count > limit ? "…" : "")'"
    }
}
