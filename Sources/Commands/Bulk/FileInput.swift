import Bulk
import Foundation
import Records

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A file or standard input, read piece by piece.
final class FileInput {
    private static let pieceLength = 1 << 20

    /// For messages: the path, or "standard input".
    let name: String
    /// Bytes of a regular file; `nil` for what has no end yet.
    let size: Int?
    private let descriptor: Int32
    /// Of what was read so far.
    private(set) var lastByte: UInt8?

    /// - parameter path: `-` for standard input.
    /// - throws: ``CommandError`` (66, 77) for what can't be opened, (65) for a folder.
    init(_ path: String) throws {
        if path == "-" {
            (descriptor, name) = (STDIN_FILENO, "standard input")
        } else {
            (descriptor, name) = (open(path, O_RDONLY | O_CLOEXEC), path)
        }
        guard descriptor >= 0 else {
            let status: ExitStatus = errno == EACCES || errno == EPERM ? .noPermission : .noInput
            throw CommandError(status, "\(path): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        let isKnown = fstat(descriptor, &status) == 0
        if isKnown, status.st_mode & S_IFMT == S_IFDIR {
            close(descriptor)
            throw CommandError(.badData, "\(path): is a folder; name a file in it")
        }
        size = isKnown && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

    /// The next bytes; none at the end.
    ///
    /// - throws: ``CommandError`` (74).
    func nextPiece() throws -> [UInt8] {
        while true {
            var failure: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceLength) { buffer, count in
                let result = read(descriptor, buffer.baseAddress, Self.pieceLength)
                failure = result < 0 ? errno : 0
                count = max(result, 0)
            }
            if failure == 0 {
                lastByte = piece.last ?? lastByte
                return piece
            }
            guard failure == EINTR else {
                throw CommandError(.ioError, "\(name): \(String(cString: strerror(failure)))")
            }
        }
    }

    /// Whether what is written to standard output goes into this file.
    var isStandardOutput: Bool {
        var (own, output) = (stat(), stat())
        guard fstat(descriptor, &own) == 0, fstat(STDOUT_FILENO, &output) == 0 else { return false }
        return own.st_dev == output.st_dev && own.st_ino == output.st_ino
    }

    /// All of it, from here on.
    var bytes: ByteInput { ByteInput { try self.nextPiece() } }
}
