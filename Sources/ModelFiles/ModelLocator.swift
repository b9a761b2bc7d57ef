public import Foundation

/// Where the files of a model lie.
public struct LocatedModel: Sendable, Equatable {
    /// The folder with config.json and the tokenizer; of a GGUF file, which has all of that in it, the one it lies in.
    public let folder: URL
    /// The file that was named, or `nil` for whichever the folder has.
    public let weights: URL?

    /// The GGUF file that the model is; `nil` for models in other forms.
    public var gguf: URL? { weights.flatMap { GGUFFile.isName($0.path) ? $0 : nil } }

    /// What the model is called: its folder, or the GGUF file that it is.
    public var url: URL { gguf ?? folder }

    /// The last part of ``url``, a GGUF file's without the ending.
    public var name: String {
        guard let gguf else { return folder.standardizedFileURL.lastPathComponent }
        return gguf.deletingPathExtension().lastPathComponent
    }

    /// The model that is part of the executable.
    public static let builtIn = LocatedModel(
        folder: BuiltInModel.url.deletingLastPathComponent(), weights: BuiltInModel.url)
    /// The name that finds it, where no file has that name.
    public static let builtInName = BuiltInModel.name

    /// Whether it's the model that is part of the executable.
    public var isBuiltIn: Bool { weights == BuiltInModel.url }

    /// Opens the weights.
    ///
    /// - throws: ``ModelFileError``.
    public func checkpoint() throws -> Checkpoint {
        if isBuiltIn { return try Checkpoint.open(gguf: BuiltInModel.file) }
        if let weights { return try Checkpoint.open(file: weights) }
        return try Checkpoint.open(folder: folder)
    }
}

/// Finds what `--model` names: a folder, a file of weights, a GGUF file, a model among those that are kept for the user, or
/// the one in the executable.
public struct ModelLocator: Sendable {
    /// Where models are kept: `$XDG_DATA_HOME/nightshift/models`, by default under `~/.local/share`; `nil` when the
    /// environment has no home.
    public let modelsFolder: URL?
    private let home: String?

    /// - parameter environment: the process's variables, of which `XDG_DATA_HOME` and `HOME` are looked at.
    public init(environment: [String: String]) {
        home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        // The base directory specification has relative paths ignored.
        let data =
            environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home.map { "\($0)/.local/share" }
        modelsFolder = data.map { URL(filePath: $0).appending(path: "nightshift/models") }
    }

    /// Finds a model by path or, failing that, by the name of its folder or GGUF file in ``modelsFolder``, or by that of
    /// the one in the executable. A folder without a config.json but with one GGUF file stands for that.
    ///
    /// - throws: ``ModelFileError/modelNotFound(name:lookedFor:)`` with the places where it might have been.
    public func locate(_ name: String) throws -> LocatedModel {
        let path = URL(filePath: expandingHome(name))
        var candidates = [path]
        if let modelsFolder, Self.isPlainName(name) {
            candidates += [modelsFolder.appending(path: name), modelsFolder.appending(path: "\(name).gguf")]
        }
        for candidate in candidates where !name.isEmpty {
            if let model = Self.model(at: candidate) { return model }
        }
        if name == LocatedModel.builtInName { return .builtIn }
        throw ModelFileError.modelNotFound(name: name, lookedFor: candidates.map(\.path))
    }

    /// Names of the models that are kept in ``modelsFolder``, sorted: folders with a config.json or one GGUF file, and GGUF
    /// files.
    public var names: [String] {
        guard let modelsFolder else { return [] }
        return Self.entries(of: modelsFolder).filter { name in
            let url = modelsFolder.appending(path: name)
            return GGUFFile.isName(name) && !Self.isFolder(url) || Self.hasConfiguration(url)
                || Self.onlyGGUF(in: url) != nil
        }.sorted()
    }

    private static func entries(of folder: URL) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    }

    private static func isFolder(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
    }

    private static func hasConfiguration(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: "config.json").path)
    }

    /// The one GGUF file of a folder; `nil` where there is none, or several to choose from.
    private static func onlyGGUF(in folder: URL) -> URL? {
        let names = entries(of: folder).filter { !$0.hasPrefix(".") && GGUFFile.isName($0) }
        return names.count == 1 ? folder.appending(path: names[0]) : nil
    }

    private static func model(at url: URL) -> LocatedModel? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        if isFolder(url) {
            return LocatedModel(folder: url, weights: hasConfiguration(url) ? nil : onlyGGUF(in: url))
        }
        return LocatedModel(folder: url.deletingLastPathComponent(), weights: url)
    }

    private func expandingHome(_ path: String) -> String {
        guard let home, path == "~" || path.hasPrefix("~/") else { return path }
        return home + path.dropFirst()
    }

    private static func isPlainName(_ name: String) -> Bool {
        !name.contains("/") && name != "." && name != ".."
    }
}
