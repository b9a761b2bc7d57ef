import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The terminal while a command has all of it: its other screen, no cursor, keys as they are pressed.
///
/// However the process ends, short of a kill -9, the terminal is given back as it was: by a handler of the signals that end
/// it, which does nothing but what a handler may.
enum FullScreen {
    // Written once before the handlers are installed, and by nobody after.
    nonisolated(unsafe) private static var before = termios()
    nonisolated(unsafe) private static var during = termios()
    nonisolated(unsafe) private static var isOn = false

    /// The other screen, without a cursor, and lines that end where the screen does.
    private static let enterText: StaticString = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
    private static let leaveText: StaticString = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    private static let endingSignals = [
        SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGPIPE,
    ]

    static var isPossible: Bool {
        Console.inputIsTerminal && Console.outputIsTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    static func enter() {
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return }
        during = before
        // Keys at once and unseen; Ctrl-C still interrupts.
        during.c_lflag &= ~tcflag_t(ICANON | ECHO)
        for number in endingSignals { signal(number, handleEnd) }
        signal(SIGTSTP, handleStop)
        signal(SIGCONT, handleContinuation)
        isOn = true
        takeOver()
    }

    static func leave() {
        guard isOn else { return }
        isOn = false
        giveBack()
        for number in endingSignals + [SIGTSTP, SIGCONT] { signal(number, SIG_DFL) }
    }

    private static func takeOver() {
        tcsetattr(STDIN_FILENO, TCSANOW, &during)
        _ = Glibc.write(STDOUT_FILENO, enterText.utf8Start, enterText.utf8CodeUnitCount)
    }

    private static func giveBack() {
        _ = Glibc.write(STDOUT_FILENO, leaveText.utf8Start, leaveText.utf8CodeUnitCount)
        tcsetattr(STDIN_FILENO, TCSANOW, &before)
    }

    private static let handleEnd: @convention(c) (Int32) -> Void = { number in
        FullScreen.giveBack()
        signal(number, SIG_DFL)
        raise(number)
    }

    private static let handleStop: @convention(c) (Int32) -> Void = { _ in
        FullScreen.giveBack()
        // The process stops here, and goes on after the next line.
        signal(SIGTSTP, SIG_DFL)
        raise(SIGTSTP)
    }

    private static let handleContinuation: @convention(c) (Int32) -> Void = { _ in
        signal(SIGTSTP, FullScreen.handleStop)
        FullScreen.takeOver()
    }

    /// Columns and lines.
    static var size: (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// What was typed since the last time.
    static func typed() -> [UInt8] {
        var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        var bytes: [UInt8] = []
        while bytes.count < 4096, poll(&descriptor, 1, 0) > 0, descriptor.revents & Int16(POLLIN) != 0 {
            var chunk = [UInt8](repeating: 0, count: 256)
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        return bytes
    }

    /// Draws the lines from the top, in one piece where the terminal can (synchronized output).
    static func draw(_ lines: [String]) throws {
        // Erased before it is written: after the last column, erasing would take that one.
        let body = lines.map { "\u{1B}[K" + $0 }.joined(separator: "\r\n")
        try Console.write(Array("\u{1B}[?2026h\u{1B}[H\(body)\u{1B}[J\u{1B}[?2026l".utf8))
    }
}

/// A key that `watch` knows.
package enum WatchKey: Sendable, Equatable {
    /// `other`: shows the other list.
    case quit, pause, resume, up, down, other

    /// The keys in what a terminal sends; what is no key of ours is left out.
    package static func keys(in bytes: [UInt8]) -> [WatchKey] {
        var keys: [WatchKey] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "q"), UInt8(ascii: "Q"), 4: keys.append(.quit)
            case UInt8(ascii: "p"): keys.append(.pause)
            case UInt8(ascii: "r"): keys.append(.resume)
            case UInt8(ascii: "k"): keys.append(.up)
            case UInt8(ascii: "j"): keys.append(.down)
            case 9: keys.append(.other)
            case 0x1B:
                // ESC [ A and ESC O A; a lone ESC is no key here.
                guard let next = rest.first, next == UInt8(ascii: "[") || next == UInt8(ascii: "O") else { continue }
                rest = rest.dropFirst()
                while let final = rest.popFirst() {
                    guard (0x40...0x7E).contains(final) else { continue }
                    if final == UInt8(ascii: "A") { keys.append(.up) }
                    if final == UInt8(ascii: "B") { keys.append(.down) }
                    if final == UInt8(ascii: "Z") { keys.append(.other) }
                    break
                }
            default: break
            }
        }
        return keys
    }
}
