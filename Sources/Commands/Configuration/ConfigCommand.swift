import ArgumentParser
import Foundation
import JSONText
import ModelFiles

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "What holds where an option isn't given.",
        discussion: """
            The configuration is a YAML file of names and values. An option goes before the environment, that before the \
            file, that before the default. --config and NIGHTSHIFT_CONFIG name another file than the usual one.

            EXAMPLES
              nightshift config init
              nightshift config show
              nightshift config check
              nightshift work --config ~/tonight.yaml
            """,
        subcommands: [
            ConfigShowCommand.self, ConfigPathCommand.self, ConfigCheckCommand.self, ConfigInitCommand.self,
        ], defaultSubcommand: ConfigShowCommand.self)
}

struct ConfigShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Each setting, its value, and where it comes from.",
        discussion: """
            EXAMPLES
              nightshift config show
              nightshift config show --json
              NIGHTSHIFT_THREADS=1 nightshift config show --plain
            """)

    @OptionGroup var output: OutputOptions

    private static let columns: [RowColumn] = [
        .text("setting"), .text("value"), .text("from"), .text("meaning", isFlexible: true), .hidden("variable"),
        .hidden("option"),
    ]

    func run() async throws {
        let settings = Settings.current
        var printer = RowPrinter(Self.columns, format: output.format, hasHeader: !output.noHeader)
        for key in SettingKey.allCases {
            let stated = try settings.stated(key)
            try printer.print([
                "setting": .string(key.rawValue), "value": .string(stated?.value ?? key.usual),
                "from": .string(stated?.source.description ?? Settings.Source.usual.description),
                "meaning": .string(key.meaning), "variable": .string(key.variable), "option": .string(key.flag),
            ])
        }
        try printer.finish()
    }
}

struct ConfigPathCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "path", abstract: "Where the configuration lies, whether it's there or not.",
        discussion: """
            EXAMPLES
              nightshift config path
              ${EDITOR:-nano} "$(nightshift config path)"
            """)

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let option = GlobalOptions.current.config
        guard let (path, _) = Settings.path(option: option, environment: environment) else {
            throw CommandError(.configuration, "HOME isn't set, so there is no usual place; name a file with --config")
        }
        try Console.print(path)
        if !FileManager.default.fileExists(atPath: path) {
            Console.note("it isn't there; make one with: nightshift config init")
        }
    }
}

struct ConfigCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Name all that is wrong with the configuration.",
        discussion: """
            Prints nothing but a line on standard error where all is well; otherwise each problem with its line and column, \
            and the exit code 78.

            EXAMPLES
              nightshift config check
              nightshift config check --config tonight.yaml
            """)

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let option = GlobalOptions.current.config
        guard let file = try Settings.readFile(option: option, environment: environment) else {
            return Console.note(
                "there is no configuration, so all is as the program does it; nightshift config init makes one")
        }
        var problems = file.problems.map(file.description)
        let settings = Settings(environment: environment, file: file)
        for key in SettingKey.allCases where problems.isEmpty || environment[key.variable] != nil {
            do {
                _ = try settings.stated(key)
            } catch {
                problems.append("\(error)")
            }
        }
        for problem in problems { Console.noteForeign("nightshift: \(problem)") }
        guard problems.isEmpty else {
            throw CommandError(.configuration, "\(counted(problems.count, "problem")) in the configuration, see above")
        }
        Console.noteForeign("\(file.path): \(counted(file.entries.count, "setting")), all well")
    }
}

struct ConfigInitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a configuration in which everything is explained and nothing set.",
        discussion: """
            A file that is there already is left alone.

            EXAMPLES
              nightshift config init
              nightshift config init --config ./tonight.yaml
            """)

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let option = GlobalOptions.current.config
        guard let (path, _) = Settings.path(option: option, environment: environment) else {
            throw CommandError(.configuration, "HOME isn't set, so there is no usual place; name a file with --config")
        }
        let url = URL(filePath: path)
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(Self.text.utf8).write(to: url, options: .withoutOverwriting)
        } catch let error as CocoaError where error.code == .fileWriteFileExists {
            throw CommandError(.cannotCreate, "\(path): is there already; look at it with: nightshift config show")
        } catch let error as CocoaError where error.code == .fileWriteNoPermission {
            throw CommandError(.noPermission, "\(path): no permission to make it; name another place with --config")
        } catch {
            throw CommandError(.cannotCreate, "\(path): \(error.localizedDescription)")
        }
        try Console.print(path)
        Console.note("Take the # off the lines that you want to change; nightshift config show says what holds.")
    }

    /// The file: every setting with its meaning, commented out.
    static var text: String {
        var lines = [
            "# The configuration of nightshift. An option goes before the environment, that before this file.",
            "# 'nightshift config show' says what holds and why, 'nightshift config check' what is wrong in here.", "",
        ]
        for key in SettingKey.allCases {
            lines += [
                "# \(key.meaning.prefix(1).uppercased())\(key.meaning.dropFirst()). By default \(key.usual).",
                "# Option \(key.flag), environment \(key.variable).", "#\(key.rawValue): \(key.example)", "",
            ]
        }
        return lines.joined(separator: "\n")
    }
}
