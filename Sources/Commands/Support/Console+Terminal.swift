import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension Console {
    static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// The terminal's columns; `nil` where standard output isn't one.
    static var outputWidth: Int? {
        guard outputIsTerminal else { return nil }
        var size = winsize()
        if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init) ?? 80
    }

    static var outputStyle: TerminalStyle { style(isTerminal: outputIsTerminal) }
    static var errorStyle: TerminalStyle { style(isTerminal: errorIsTerminal) }

    /// By `--color`, else `NO_COLOR` and `CLICOLOR_FORCE`, else the configuration, else whether it is a terminal that can.
    private static func style(isTerminal: Bool) -> TerminalStyle {
        let environment = ProcessInfo.processInfo.environment
        let isSaid = ["NO_COLOR", "CLICOLOR_FORCE"].contains { environment[$0]?.isEmpty == false }
        let flag = GlobalOptions.current.color
        let configured = isSaid ? nil : (try? Settings.current.text(.color)).flatMap { ColorChoice(rawValue: $0) }
        let choice = flag ?? configured ?? .auto
        return TerminalStyle(
            environment: environment, isTerminal: isTerminal, isForced: choice == .auto ? nil : choice == .always)
    }

    /// Text from a document or a model: as it is for programs and files, made harmless on a terminal.
    static func printForeign(_ text: String) throws {
        let text = outputIsTerminal ? DisplayText.paragraphs(text) : text
        try write(Array(text.utf8) + (text.hasSuffix("\n") ? [] : [0x0A]))
    }

    /// A line on standard error about something from outside, such as the name of a file.
    static func noteForeign(_ line: String) {
        note(DisplayText.line(line))
    }

    /// Asks on the terminal; anything but yes is no.
    static func confirm(_ question: String) -> Bool {
        FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
        return ["y", "yes"].contains(readLine()?.lowercased())
    }
}

/// "1 job", "2 jobs".
func counted(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}
