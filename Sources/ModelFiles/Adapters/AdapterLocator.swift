public import Foundation

/// Finds what `--adapter` names: a folder, or an adapter among those that are kept for the user.
public struct AdapterLocator: Sendable {
    /// Where adapters are kept: `$XDG_DATA_HOME/nightshift/adapters`; `nil` when the environment has no home.
    public let adaptersFolder: URL?
    private let home: String?

    /// - parameter environment: the process's variables, of which `XDG_DATA_HOME` and `HOME` are looked at.
    public init(environment: [String: String]) {
        home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        adaptersFolder = ModelLocator(environment: environment).modelsFolder?.deletingLastPathComponent()
            .appending(path: "adapters")
    }

    /// Finds an adapter's folder by path or, failing that, by its name in ``adaptersFolder``.
    ///
    /// - throws: ``ModelFileError/adapterNotFound(name:lookedFor:)`` with the places where it might have been.
    public func locate(_ name: String) throws -> URL {
        var candidates = [URL(filePath: expandingHome(name))]
        if let adaptersFolder, !name.contains("/"), name != ".", name != ".." {
            candidates.append(adaptersFolder.appending(path: name))
        }
        for candidate in candidates where !name.isEmpty && !name.utf8.contains(0) {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder) {
                // The file of weights stands for its folder.
                return isFolder.boolValue ? candidate : candidate.deletingLastPathComponent()
            }
        }
        throw ModelFileError.adapterNotFound(name: name, lookedFor: candidates.map(\.path))
    }

    /// Names of the adapters that are kept in ``adaptersFolder``, sorted: folders with an adapter_config.json.
    public var names: [String] {
        guard let adaptersFolder else { return [] }
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: adaptersFolder.path)) ?? []
        return entries.filter { Self.isAdapter(adaptersFolder.appending(path: $0)) }.sorted()
    }

    /// Whether a folder holds an adapter, by its configuration.
    public static func isAdapter(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: AdapterConfiguration.fileName).path)
    }

    private func expandingHome(_ path: String) -> String {
        guard let home, path == "~" || path.hasPrefix("~/") else { return path }
        return home + path.dropFirst()
    }
}
