import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Data on standard output, everything else on standard error.
enum Console {
    /// Writes all bytes to standard output.
    ///
    /// - throws: ``CommandError`` (74) when the disk is full or the reader has gone.
    static func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw CommandError(.ioError, "standard output: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(written)
        }
    }

    static func print(_ line: String) throws {
        try write(Array(line.utf8) + [0x0A])
    }

    /// A line on standard error; nothing is lost to buffering when the program ends.
    static func note(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    /// Replaces the line at which the terminal of standard error stands; the cursor stays on it.
    static func noteInPlace(_ line: String) {
        // Carriage return, then "erase to the end of the line" (ECMA-48, EL).
        FileHandle.standardError.write(Data("\r\u{1B}[K\(line)".utf8))
    }

    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
