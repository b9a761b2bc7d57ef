import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The last line of a terminal on standard error, which stays below whatever else is written there.
final class StatusLine: Sendable {
    static let shared = StatusLine()

    private let text = Mutex<String?>(nil)

    /// Whether there is a terminal that can overwrite a line.
    static var isPossible: Bool {
        Console.errorIsTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Whether the terminal is known for nothing but ASCII.
    static var isPlain: Bool {
        let environment = ProcessInfo.processInfo.environment
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        guard let locale else { return false }
        return !locale.uppercased().contains("UTF-8") && !locale.uppercased().contains("UTF8")
            && ["C", "POSIX"].contains(locale)
    }

    /// The terminal's columns.
    static var width: Int {
        var size = winsize()
        if ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init) ?? 80
    }

    /// Shows another text, or takes the line away.
    func show(_ new: String?) {
        text.withLock { text in
            guard new != text else { return }
            // Carriage return, and behind the text "erase to the end of the line" (ECMA-48, EL).
            Console.writeError("\r\(new ?? "")\u{1B}[K")
            text = new
        }
    }

    /// Writes other lines above it.
    func writing(_ body: (String) -> Void, _ lines: String) {
        text.withLock { text in
            guard let text else { return body(lines) }
            body("\r\u{1B}[K\(lines)\(text)\u{1B}[K")
        }
    }
}
