public import Foundation

/// Where the files of a model lie.
public struct LocatedModel: Sendable, Equatable {
    /// The folder with config.json and the tokenizer.
    public let folder: URL
    /// The file that was named, or `nil` for whichever the folder has.
    public let weights: URL?

    /// Opens the weights.
    ///
    /// - throws: ``ModelFileError``.
    public func checkpoint() throws -> Checkpoint {
        if let weights { return try Checkpoint.open(file: weights) }
        return try Checkpoint.open(folder: folder)
    }
}

/// Finds what `--model` names: a folder, a file of weights, or a model among those that are kept for the user.
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

    /// Finds a model by path or, failing that, by the name of its folder in ``modelsFolder``.
    ///
    /// - throws: ``ModelFileError/modelNotFound(name:lookedFor:)`` with the places where it might have been.
    public func locate(_ name: String) throws -> LocatedModel {
        let path = URL(filePath: expandingHome(name))
        var candidates = [path]
        if let modelsFolder, Self.isPlainName(name) { candidates.append(modelsFolder.appending(path: name)) }
        for candidate in candidates where !name.isEmpty {
            if let model = Self.model(at: candidate) { return model }
        }
        throw ModelFileError.modelNotFound(name: name, lookedFor: candidates.map(\.path))
    }

    /// Names of the models that are kept in ``modelsFolder``, sorted; each is a folder with a config.json.
    public var names: [String] {
        guard let modelsFolder else { return [] }
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: modelsFolder.path)) ?? []
        return entries.filter { name in
            FileManager.default.fileExists(
                atPath: modelsFolder.appending(path: name).appending(path: "config.json").path)
        }.sorted()
    }

    private static func model(at url: URL) -> LocatedModel? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { return nil }
        if isFolder.boolValue { return LocatedModel(folder: url, weights: nil) }
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
