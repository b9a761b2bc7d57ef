import ArgumentParser
import Synchronization

/// When to use colours.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument, Sendable {
    case auto, always, never
}

/// Options that every command takes, before its name or after it. They are taken out of the arguments before these are
/// parsed: so no command has to declare them, and none can forget.
struct GlobalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration to use (environment: \(Settings.pathVariable)), for any command; see 'nightshift config'.",
            valueName: "path"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Option(help: "When to use colours, for any command: auto, always or never; before NO_COLOR and CLICOLOR_FORCE.")
    var color: ColorChoice?

    private static let taken = Mutex<(config: String?, color: ColorChoice?)>((nil, nil))

    /// What this process was told.
    static var current: (config: String?, color: ColorChoice?) { taken.withLock { $0 } }

    /// Takes the options out of the arguments, those after `--` excepted.
    ///
    /// - throws: ``CommandError`` (64) for one without a lawful value.
    static func take(outOf arguments: inout [String]) throws {
        var rest: [String] = []
        var found: (config: String?, color: ColorChoice?) = (nil, nil)
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            index += 1
            if argument == "--" || argument.hasPrefix("---") {
                rest += [argument] + arguments[index...]
                break
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts[0] == "--config" || parts[0] == "--color" else {
                rest.append(argument)
                continue
            }
            let value = parts.count == 2 ? parts[1] : index < arguments.count ? arguments[index] : ""
            if parts.count == 1 { index += 1 }
            guard !value.isEmpty, parts.count == 2 || !value.hasPrefix("--") else {
                throw CommandError(.usage, "\(parts[0]) needs a value after it")
            }
            if parts[0] == "--config" {
                found.config = value
            } else if let color = ColorChoice(rawValue: value) {
                found.color = color
            } else {
                throw CommandError(.usage, "--color takes auto, always or never, not '\(value.prefix(80))'")
            }
        }
        arguments = rest
        taken.withLock { [found] in $0 = found }
    }
}
