import Foundation
import JobCatalog
import ModelFiles
import Synchronization

/// What holds where an option isn't given: the environment, else the configuration, else what the program does anyway.
struct Settings: Sendable {
    enum Source: Sendable, Equatable {
        case environment(String)
        case file(path: String, line: Int)
        case usual

        var description: String {
            switch self {
            case .environment(let name): "environment, \(name)"
            case .file(let path, let line): "\(path), line \(line)"
            case .usual: "default"
            }
        }
    }

    let environment: [String: String]
    let file: ConfigurationFile?

    static let pathVariable = "NIGHTSHIFT_CONFIG"

    // MARK: - Values

    /// A setting that somebody has made.
    ///
    /// - throws: ``CommandError`` (78) for a variable that holds no such value.
    func stated(_ key: SettingKey) throws -> (value: String, source: Source)? {
        if let text = environment[key.variable], !text.isEmpty {
            do {
                return (try key.check(text), .environment(key.variable))
            } catch {
                throw CommandError(.configuration, "\(key.variable) in the environment: \(error.text)")
            }
        }
        guard let file, let entry = file.entries[key] else { return nil }
        return (entry.value, .file(path: file.path, line: entry.line))
    }

    func text(_ key: SettingKey) throws -> String? { try stated(key)?.value }
    func number(_ key: SettingKey) throws -> Int? { try text(key).flatMap { Int($0) } }
    func isOn(_ key: SettingKey) throws -> Bool { try text(key) != "false" }

    // MARK: - Those of this process

    private static let shared = Mutex<Settings?>(nil)

    /// Those that were loaded; before that, the environment alone.
    static var current: Settings {
        shared.withLock { $0 } ?? Settings(environment: ProcessInfo.processInfo.environment, file: nil)
    }

    /// Where the configuration lies: as an option says, else as the environment says, else in its usual place.
    ///
    /// - returns: `nil` where there is no home; `isNamed`: it must be there, since somebody has named it.
    static func path(
        option: String?, environment: [String: String]
    ) -> (path: String, isNamed: Bool)? {
        let directories = BaseDirectories(environment: environment)
        if let option { return (directories.expandingHome(option), true) }
        if let named = environment[pathVariable], !named.isEmpty { return (directories.expandingHome(named), true) }
        return Places(environment: environment).configurationFile.map { ($0.path(percentEncoded: false), false) }
    }

    /// Reads the configuration of this process.
    ///
    /// - throws: ``CommandError``: 66 where a file that was named isn't there, 78 for the first thing that is wrong in it.
    static func load(option: String?, environment: [String: String]) throws {
        let file = try readFile(option: option, environment: environment)
        if let file, let problem = file.problems.first {
            let more = file.problems.count - 1
            throw CommandError(
                .configuration,
                file.description(of: problem)
                    + (more > 0 ? "; \(counted(more, "more problem")): nightshift config check" : ""))
        }
        shared.withLock { $0 = Settings(environment: environment, file: file) }
    }

    static func readFile(option: String?, environment: [String: String]) throws -> ConfigurationFile? {
        guard let (path, isNamed) = path(option: option, environment: environment) else { return nil }
        guard isNamed || FileManager.default.fileExists(atPath: path) else { return nil }
        return try ConfigurationFile(path: path, directories: BaseDirectories(environment: environment))
    }
}
