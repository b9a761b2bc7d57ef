internal import Archives
internal import Crypto
internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// An open file, read in any order, closed when it is let go.
final class InputFile: RandomAccessBytes {
    /// As it was given.
    let path: String
    /// Bytes when it was opened.
    let count: Int
    let descriptor: Int32
    private let opened: FileStatus

    private static let pieceLength = 1 << 20

    /// - throws: ``DocumentError`` for whatever isn't a regular file that may be read.
    init(path: String) throws {
        (descriptor, opened) = try FileStatus.open(path)
        self.path = path
        count = opened.size
    }

    /// A stream's bytes in a file without a name.
    ///
    /// - throws: ``DocumentError/tooLarge(path:found:limit:)`` and what reading and writing throw.
    init(spooling stream: FileHandle, name: String, limit: Int) throws {
        path = name
        var template = Array((FileManager.default.temporaryDirectory.path + "/nightshift-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        self.descriptor = descriptor
        guard descriptor >= 0 else { throw FileStatus.error(errno, path: name) }
        unlink(template)
        var size = 0
        do {
            while let piece = try stream.read(upToCount: Self.pieceLength), !piece.isEmpty {
                size += piece.count
                guard size <= limit else { throw DocumentError.tooLarge(path: name, found: nil, limit: limit) }
                try piece.withUnsafeBytes { buffer in
                    var rest = buffer[...]
                    while !rest.isEmpty {
                        let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                        if written < 0, errno == EINTR { continue }
                        guard written > 0 else { throw FileStatus.error(errno, path: name) }
                        rest = rest.dropFirst(written)
                    }
                }
            }
            opened = try FileStatus.of(descriptor: descriptor, path: name)
        } catch {
            close(descriptor)
            throw error as? DocumentError ?? .unreadable(path: name, reason: (error as NSError).localizedDescription)
        }
        count = size
    }

    deinit { close(descriptor) }

    /// The first bytes, or all there are.
    func head(_ length: Int) throws -> [UInt8] { try read(at: 0, length) }

    func bytes(offset: Int, count: Int) throws -> [UInt8] {
        let bytes = try read(at: offset, count)
        guard bytes.count == count else { throw DocumentError.changing(path: path) }
        return bytes
    }

    /// All bytes to the end. The limit holds for files that grow, too.
    ///
    /// - throws: ``DocumentError``.
    func contents(limit: Int) throws -> [UInt8] {
        guard count <= limit else { throw DocumentError.tooLarge(path: path, found: count, limit: limit) }
        // One more than there should be shows the end at once. The size of files of /proc is unknown.
        var bytes = try read(at: 0, count + 1)
        while true {
            guard bytes.count <= limit else { throw DocumentError.tooLarge(path: path, found: nil, limit: limit) }
            if !bytes.isEmpty, bytes.count <= count { return bytes }
            let more = try read(at: bytes.count, Self.pieceLength)
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    /// Fewer bytes than asked for only at the end of the file.
    func read(at offset: Int, _ length: Int) throws -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: max(length, 1)) { buffer, count in
            while count < length {
                let result = pread(
                    descriptor, buffer.baseAddress?.advanced(by: count), length - count, off_t(offset + count))
                if result < 0, errno == EINTR { continue }
                if result < 0 { failure = errno }
                if result <= 0 { break }
                count += result
            }
        }
        guard failure == 0 else { throw FileStatus.error(failure, path: path) }
        return bytes
    }

    /// Whether nothing was written to it since it was opened.
    func isUnchanged() throws -> Bool {
        let now = try FileStatus.of(descriptor: descriptor, path: path)
        return now.size == opened.size && now.modified == opened.modified
    }

    /// SHA-256 of all bytes.
    func digest() throws -> String {
        var hash = SHA256()
        var offset = 0
        while true {
            let piece = try read(at: offset, Self.pieceLength)
            if piece.isEmpty { break }
            piece.withUnsafeBytes { hash.update(bufferPointer: $0) }
            offset += piece.count
        }
        return Digest.hexadecimal(hash.finalize())
    }
}

enum Digest {
    static func sha256(of bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

    static func hexadecimal(_ digest: SHA256.Digest) -> String {
        digest.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
