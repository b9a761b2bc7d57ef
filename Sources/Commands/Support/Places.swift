package import Foundation
import ModelFiles

/// Where nightshift keeps its files: a folder of its own in each of the XDG base directories, see `BaseDirectories`.
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
        let directories = BaseDirectories(environment: environment)
        data = directories.data?.appending(path: "nightshift")
        configuration = directories.configuration?.appending(path: "nightshift")
        state = directories.state?.appending(path: "nightshift")
        cache = directories.cache?.appending(path: "nightshift")
    }

    /// Those of this process.
    package static var current: Places { Places(environment: ProcessInfo.processInfo.environment) }

    /// The queue that is used when none is named.
    package var queue: URL? { data?.appending(path: "queue.db") }
    /// Where models are looked for by name.
    package var models: URL? { data?.appending(path: "models") }
    /// What holds where an option isn't given.
    package var configurationFile: URL? { configuration?.appending(path: "config.yaml") }
    /// The user's kinds of jobs.
    package var jobs: URL? { configuration?.appending(path: "jobs") }
}
