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
        if let error = write(bytes, to: STDOUT_FILENO) {
            throw CommandError(.ioError, "standard output: \(String(cString: strerror(error)))")
        }
    }

    /// Returns the error's number where the bytes could not all be written.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                return errno
            }
            rest = rest.dropFirst(written)
        }
        return nil
    }

    static func print(_ line: String) throws {
        try write(Array(line.utf8) + [0x0A])
    }

    /// A line on standard error; nothing is lost to buffering when the program ends. Where nobody can read it any more,
    /// since the terminal was closed or the disk is full, the work goes on without it.
    static func note(_ line: String) {
        StatusLine.shared.writing(writeError, line + "\n")
    }

    /// Text on standard error as it is.
    static func writeError(_ text: String) {
        _ = write(Array(text.utf8), to: STDERR_FILENO)
    }

    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
