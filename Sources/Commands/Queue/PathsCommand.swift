import ArgumentParser
import Foundation
import JSONText

struct PathsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "paths",
        abstract: "Where nightshift keeps its files.",
        discussion: """
            EXAMPLES
              nightshift paths
              sqlite3 "$(nightshift paths queue)"
              mkdir -p "$(nightshift paths jobs)"
            """)

    enum Name: String, CaseIterable, ExpressibleByArgument {
        /// The file that --db, NIGHTSHIFT_DB or the default names.
        case queue
        case models, jobs, data, config
        /// The file that --config, NIGHTSHIFT_CONFIG or the default names.
        case settings
        case state, cache
    }

    @OptionGroup var queueOptions: QueueOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Print only this place.")
    var name: Name?

    func run() async throws {
        let places = Places.current
        if let name {
            guard let path = try path(name, places) else { throw CommandError(.configuration, "HOME isn't set") }
            return try Console.print(path)
        }
        let rows = try Name.allCases.map { (name: $0.rawValue, path: try path($0, places)) }
        if output.format == .json {
            let members = rows.map {
                JSONObject.Member(name: $0.name, value: $0.path.map { .string($0) } ?? .null)
            }
            return try Console.print(JSONValue.object(JSONObject(members: members)).text)
        }
        var printer = RowPrinter([.text("place"), .text("path")], format: output.format, hasHeader: !output.noHeader)
        for row in rows {
            try printer.print(["place": .string(row.name), "path": row.path.map { .string($0) } ?? .null])
        }
        try printer.finish()
    }

    private func path(_ name: Name, _ places: Places) throws -> String? {
        let url: URL? =
            switch name {
            case .queue: URL(filePath: try queueOptions.path()).standardizedFileURL
            case .models: places.models
            case .jobs: places.jobs
            case .data: places.data
            case .config: places.configuration
            case .settings:
                Settings.path(option: GlobalOptions.current.config, environment: ProcessInfo.processInfo.environment)
                    .map { URL(filePath: $0.path) }
            case .state: places.state
            case .cache: places.cache
            }
        guard let path = url?.path(percentEncoded: false) else { return nil }
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}
