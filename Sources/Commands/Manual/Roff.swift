import Foundation

/// Writes mdoc(7), a line at a time.
struct Roff {
    private var lines: [String] = []

    var text: String { lines.joined(separator: "\n") + "\n" }

    mutating func macro(_ line: String) { lines.append("." + line) }

    /// Running text: nothing in it is a command to the formatter.
    mutating func text(_ text: String) {
        // A sentence begins a line, so that the formatter sets the space after it.
        for line in text.replacing(#/([.!?]) (?=[A-Z'])/#, with: { "\($0.output.1)\n" }).split(
            whereSeparator: \.isNewline)
        {
            lines.append(Self.plain(line))
        }
    }

    mutating func head(title: String, name: String, abstract: String) {
        lines.append(".\\\" Made by 'nightshift man' of what --help says; don't edit.")
        macro("Dd \(Version.date)")
        macro("Dt \(title) 1")
        macro("Os nightshift \(Version.current)")
        macro("Sh NAME")
        macro("Nm \(name)")
        macro("Nd \(Self.words(abstract.hasSuffix(".") ? String(abstract.dropLast()) : abstract))")
    }

    mutating func synopsis(_ argument: HelpDump.Argument) {
        let body =
            switch argument.kind {
            case .positional: "Ar \(Self.words(argument.valueName ?? "argument"))"
            case .flag: "Fl \(Self.flag(argument.spellings.last ?? ""))"
            case .option:
                "Fl \(Self.flag(argument.spellings.last ?? "")) Ar \(Self.words(argument.valueName ?? "value"))"
            }
        macro((argument.isOptional ? "Op " : "") + body + (argument.isRepeating ? " ..." : ""))
    }

    mutating func paragraphs(_ paragraphs: [String]) {
        for paragraph in paragraphs {
            let rows = paragraph.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            // Columns keep their form, sentences are filled.
            if rows.dropFirst().contains(where: { $0.hasPrefix(" ") }) || rows.contains(where: { $0.hasPrefix("in: ") })
            {
                literal(rows)
            } else {
                macro("Pp")
                text(paragraph)
            }
        }
    }

    mutating func literal(_ rows: [String]) {
        macro("Bd -literal")
        lines += rows.map { $0.isEmpty ? "" : Self.plain(Substring($0)) }
        macro("Ed")
    }

    mutating func list(_ entries: [(term: String, text: String)]) {
        macro("Bl -tag -width Ds")
        for entry in entries {
            macro("It \(entry.term)")
            text(entry.text)
        }
        macro("El")
    }

    mutating func options(_ arguments: [HelpDump.Argument]) {
        guard !arguments.isEmpty else { return }
        macro("Pp")
        text("Arguments and options:")
        macro("Bl -tag -width Ds")
        for argument in arguments {
            let value = argument.valueName ?? "value"
            switch argument.kind {
            case .positional: macro("It Ar \(Self.words(value))")
            case .flag: macro("It " + argument.spellings.map { "Fl \(Self.flag($0))" }.joined(separator: " , "))
            case .option:
                macro(
                    "It " + argument.spellings.map { "Fl \(Self.flag($0))" }.joined(separator: " , ")
                        + " Ar \(Self.words(value))")
            }
            text([argument.abstract, argument.discussion].compactMap(\.self).joined(separator: "\n"))
            if let values = argument.allValues, !values.isEmpty {
                text("One of \(values.joined(separator: ", ")).")
            }
            if let usual = argument.defaultValue, !usual.isEmpty { text("By default \(usual).") }
        }
        macro("El")
    }

    mutating func environment() {
        macro("Sh ENVIRONMENT")
        var entries: [(term: String, text: String)] = [
            (term: "Ev \(Settings.pathVariable)", text: "The configuration to use, in place of the usual one.")
        ]
        for key in SettingKey.allCases {
            let meaning = String(key.meaning.prefix(1)).uppercased() + String(key.meaning.dropFirst())
            entries.append((term: "Ev \(key.variable)", text: meaning + "."))
        }
        entries.append(
            (
                term: "Ev NO_COLOR , CLICOLOR_FORCE",
                text: "No colours, or colours also where the output is no terminal."
            ))
        entries.append((term: "Ev NIGHTSHIFT_ISA", text: "The instruction set to compute with, for comparisons."))
        list(entries)
    }

    mutating func files() {
        macro("Sh FILES")
        list([
            ("Pa $XDG_DATA_HOME/nightshift/queue.db", "The queue, by default under ~/.local/share."),
            ("Pa $XDG_DATA_HOME/nightshift/models", "Models that are found by name."),
            ("Pa $XDG_CONFIG_HOME/nightshift/config.yaml", "The configuration, by default under ~/.config."),
            ("Pa $XDG_CONFIG_HOME/nightshift/jobs", "Kinds of jobs of one's own."),
        ])
    }

    mutating func exitCodes() {
        macro("Sh EXIT STATUS")
        list([
            ("0", "All is well."), ("1", "Finished; some jobs or lines failed."),
            ("64", "The command was called in a wrong way."), ("65", "The input can't be used."),
            ("66", "The input isn't there."), ("69", "The engine or the model isn't available."),
            ("70", "A fault of the program, or an engine that hangs."), ("73", "A file can't be made."),
            ("74", "The disk is full or failed."), ("75", "Later: the queue is locked, or work is left. Run it again."),
            ("77", "No permission."), ("78", "The configuration is wrong, or the queue is a newer program's."),
        ])
    }

    // MARK: - Escapes

    static func name(_ path: [String]) -> String { "Nm \(path.joined(separator: " "))" }

    /// A line of text.
    private static func plain(_ line: Substring) -> String {
        let escaped = escaped(line)
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }

    private static func escaped(_ text: some StringProtocol) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\e"
            case "-": escaped += "\\-"
            case "^": escaped += "\\(ha"
            case "~": escaped += "\\(ti"
            case "`": escaped += "\\(ga"
            case "'": escaped += "\\(aq"
            // By their numbers, which every formatter knows.
            case _ where !scalar.isASCII: escaped += "\\[u" + String(format: "%04X", scalar.value) + "]"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Words on a macro's line, none of which may be taken for a macro.
    private static func words(_ text: String) -> String {
        escaped(text).split(separator: " ").map { word in
            let isMacroLike =
                (2...3).contains(word.count) && word.first?.isUppercase == true || ".,:;()[]?!|".contains(word)
            return isMacroLike ? "\\&" + word : String(word)
        }.joined(separator: " ").replacing("\"", with: "\\(dq")
    }

    /// `--db` after `Fl`, which writes the first hyphen itself.
    private static func flag(_ spelling: String) -> String { escaped(spelling.dropFirst()) }
}
