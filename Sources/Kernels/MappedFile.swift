#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What can go wrong when a file is mapped or a range of it is asked for.
public enum MappedFileError: Error, Equatable, Sendable {
    /// A system call failed. `code` is `errno`.
    case system(path: String, operation: String, code: Int32)
    /// The path names a folder, a device or a pipe.
    case notARegularFile(path: String)
    /// A range reaches beyond the end of the file. All in bytes.
    case outOfBounds(path: String, offset: Int, count: Int, fileSize: Int)
}

/// A file mapped read-only into memory: pages come in when they are touched and leave when memory is wanted. Or bytes that
/// are part of the executable, which is mapped in the same way.
///
/// The map is immutable and lives as long as the object; a file that another process truncates while it is mapped
/// raises SIGBUS, as with every mapped file.
@safe public final class MappedFile: Sendable {
    public let path: String
    /// Bytes in the file when it was mapped.
    public let count: Int
    /// The first byte; `nil` for an empty file. Immutable memory, so that sharing it between threads is sound.
    nonisolated(unsafe) let base: UnsafeRawPointer?
    /// Whether the map goes when the object does.
    private let isOwned: Bool

    /// Maps the regular file at `path`.
    ///
    /// - throws: ``MappedFileError/system(path:operation:code:)`` with the failing call,
    ///   ``MappedFileError/notARegularFile(path:)``.
    public init(path: String) throws {
        // O_NONBLOCK: opening a pipe must fail below, not wait for a writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw MappedFileError.system(path: path, operation: "open", code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw MappedFileError.system(path: path, operation: "fstat", code: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw MappedFileError.notARegularFile(path: path) }
        self.path = path
        isOwned = true
        count = Int(status.st_size)
        if count == 0 {
            unsafe base = nil
        } else {
            let map = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
            guard let map = unsafe map, unsafe map != MAP_FAILED else {
                throw MappedFileError.system(path: path, operation: "mmap", code: errno)
            }
            unsafe base = UnsafeRawPointer(map)
        }
    }

    /// Constant bytes that are there as long as the process is.
    ///
    /// - parameter name: for errors
    @unsafe package init(constant bytes: UnsafeRawBufferPointer, name: String) {
        path = name
        isOwned = false
        count = bytes.count
        unsafe base = bytes.baseAddress
    }

    deinit {
        if isOwned, let base = unsafe base { unsafe munmap(UnsafeMutableRawPointer(mutating: base), count) }
    }

    /// A checked range of the file, without copying.
    ///
    /// - throws: ``MappedFileError/outOfBounds(path:offset:count:fileSize:)``.
    public func region(offset: Int, count: Int) throws -> MappedRegion {
        guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
            throw MappedFileError.outOfBounds(path: path, offset: offset, count: count, fileSize: self.count)
        }
        return MappedRegion(file: self, offset: offset, count: count)
    }

    /// The little-endian number at `offset`, which needs no alignment.
    ///
    /// - throws: ``MappedFileError/outOfBounds(path:offset:count:fileSize:)``.
    public func integer<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type, at offset: Int) throws -> Number {
        let size = MemoryLayout<Number>.size
        return try unsafe region(offset: offset, count: size).withUnsafeBytes { bytes in
            unsafe Number(littleEndian: bytes.loadUnaligned(as: Number.self))
        }
    }

    /// A copy of `count` bytes at `offset`: for headers and directories, not for tensors.
    ///
    /// - throws: ``MappedFileError/outOfBounds(path:offset:count:fileSize:)``.
    public func bytes(offset: Int, count: Int) throws -> [UInt8] {
        try region(offset: offset, count: count).bytes
    }
}

/// A range of a mapped file that was checked against the file's size; keeps the map alive.
public struct MappedRegion: Sendable {
    public let file: MappedFile
    /// Bytes from the start of the file.
    public let offset: Int
    /// Bytes in the region.
    public let count: Int

    init(file: MappedFile, offset: Int, count: Int) {
        self.file = file
        self.offset = offset
        self.count = count
    }

    /// A part of this region; `offset` counts from the region's start.
    ///
    /// - throws: ``MappedFileError/outOfBounds(path:offset:count:fileSize:)``.
    public func region(offset: Int, count: Int) throws -> MappedRegion {
        guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
            throw MappedFileError.outOfBounds(
                path: file.path, offset: self.offset + max(0, offset), count: count, fileSize: file.count)
        }
        return MappedRegion(file: file, offset: self.offset + offset, count: count)
    }

    /// A copy of the bytes.
    public var bytes: [UInt8] {
        guard let base = unsafe file.base, count > 0 else { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: base + offset, count: count))
    }

    /// Runs `body` with the bytes in place; the buffer must not leave the closure.
    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        guard let base = unsafe file.base, count > 0 else {
            return try unsafe body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return try unsafe body(UnsafeRawBufferPointer(start: base + offset, count: count))
    }
}
