package import Foundation

/// Where nightshift keeps its files: the XDG base directories, by default under the home folder.
///
/// Each is `nil` where the environment names neither the directory nor a home. As the specification says, relative
/// paths in the XDG variables are ignored.
package struct Places: Sendable, Equatable {
    /// Queue and models: `$XDG_DATA_HOME/nightshift`.
    package let data: URL?
    /// The user's own definitions: `$XDG_CONFIG_HOME/nightshift`.
    package let configuration: URL?
    /// Logs: `$XDG_STATE_HOME/nightshift`.
    package let state: URL?
    /// What can be made again: `$XDG_CACHE_HOME/nightshift`.
    package let cache: URL?

    /// - parameter environment: the process's variables.
    package init(environment: [String: String]) {
        func absolute(_ variable: String) -> String? {
            environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        func place(_ variable: String, below home: String) -> URL? {
            (absolute(variable) ?? absolute("HOME").map { "\($0)/\(home)" })
                .map { URL(filePath: $0, directoryHint: .isDirectory).appending(path: "nightshift") }
        }
        data = place("XDG_DATA_HOME", below: ".local/share")
        configuration = place("XDG_CONFIG_HOME", below: ".config")
        state = place("XDG_STATE_HOME", below: ".local/state")
        cache = place("XDG_CACHE_HOME", below: ".cache")
    }

    /// Those of this process.
    package static var current: Places { Places(environment: ProcessInfo.processInfo.environment) }

    /// The queue that is used when none is named.
    package var queue: URL? { data?.appending(path: "queue.db") }
    /// Where models are looked for by name.
    package var models: URL? { data?.appending(path: "models") }
    /// The user's kinds of jobs.
    package var jobs: URL? { configuration?.appending(path: "jobs") }
}
