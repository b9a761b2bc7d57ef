public import Foundation

/// The XDG base directories of a process's user, and the home folder: where the program's own folders lie is decided here
/// and nowhere else.
///
/// Each is `nil` where the environment names neither the directory nor a home. As the specification says, relative paths in
/// the XDG variables are ignored.
public struct BaseDirectories: Sendable, Equatable {
    public let home: URL?
    /// `$XDG_DATA_HOME`, by default `~/.local/share`.
    public let data: URL?
    /// `$XDG_CONFIG_HOME`, by default `~/.config`.
    public let configuration: URL?
    /// `$XDG_STATE_HOME`, by default `~/.local/state`.
    public let state: URL?
    /// `$XDG_CACHE_HOME`, by default `~/.cache`.
    public let cache: URL?

    /// - parameter environment: the process's variables.
    public init(environment: [String: String]) {
        func absolute(_ variable: String) -> URL? {
            environment[variable].flatMap { $0.hasPrefix("/") ? URL(filePath: $0, directoryHint: .isDirectory) : nil }
        }
        let home = absolute("HOME")
        self.home = home
        data = absolute("XDG_DATA_HOME") ?? home?.appending(path: ".local/share")
        configuration = absolute("XDG_CONFIG_HOME") ?? home?.appending(path: ".config")
        state = absolute("XDG_STATE_HOME") ?? home?.appending(path: ".local/state")
        cache = absolute("XDG_CACHE_HOME") ?? home?.appending(path: ".cache")
    }

    /// A path in which `~` stands for the home folder, as a shell would read it.
    public func expandingHome(_ path: String) -> String {
        guard let home, path == "~" || path.hasPrefix("~/") else { return path }
        let folder = home.path(percentEncoded: false)
        return (folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder) + path.dropFirst()
    }
}
