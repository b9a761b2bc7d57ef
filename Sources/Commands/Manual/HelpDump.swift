import ArgumentParser
import Foundation

/// What the argument parser knows of a command: the same that `--help` is made of.
struct HelpDump: Decodable {
    struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var subcommands: [Command]?
        var arguments: [Argument]?
    }

    struct Argument: Decodable {
        enum Kind: String, Decodable {
            case positional, option, flag
        }

        struct Name: Decodable {
            var kind: String
            var name: String
        }

        var kind: Kind
        var shouldDisplay: Bool
        var isOptional: Bool
        var isRepeating: Bool
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var allValues: [String]?
        var abstract: String?
        var discussion: String?
        var sectionTitle: String?

        /// As they are typed, the short one first.
        var spellings: [String] {
            (names ?? []).sorted { $0.name.count < $1.name.count }.map { ($0.kind == "long" ? "--" : "-") + $0.name }
        }
    }

    var command: Command

    /// All of it.
    static func ofNightshift() throws -> HelpDump {
        try JSONDecoder().decode(HelpDump.self, from: Data(Nightshift._dumpHelp().utf8))
    }
}
