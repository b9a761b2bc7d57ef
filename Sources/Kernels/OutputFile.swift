#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What can go wrong when a file is written.
public enum OutputFileError: Error, Equatable, Sendable {
    /// A system call failed. `code` is `errno`.
    case system(path: String, operation: String, code: Int32)
    /// Something has the name already.
    case exists(path: String)
}

/// A file that appears under its name when it's whole, and not before.
///
/// Until then it has a name of its own in the same folder and is held locked (`flock`). It goes when the object does;
/// what a killed process leaves behind is told by its lock being free, and removed by ``removeAbandoned(in:)``.
public final class OutputFile {
    public let path: String
    /// Bytes written so far.
    public private(set) var count = 0
    private let temporaryPath: String
    private let replaces: Bool
    private var descriptor: Int32

    /// Makes the file under its temporary name.
    ///
    /// - parameter replaces: whether another file of the name may be replaced.
    /// - throws: ``OutputFileError``.
    public init(path: String, replaces: Bool) throws {
        self.path = path
        self.replaces = replaces
        let folder = Self.folder(of: path)
        if !replaces, Self.exists(path) { throw OutputFileError.exists(path: path) }
        while true {
            let name = "\(folder)/\(Self.prefix)\(String(UInt64.random(in: .min ... .max), radix: 16))\(Self.suffix)"
            let opened = unsafe open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            guard opened >= 0 else {
                if errno == EEXIST { continue }
                throw OutputFileError.system(path: folder, operation: "make a file in the folder", code: errno)
            }
            flock(opened, LOCK_EX | LOCK_NB)
            // Between the two calls another process may have taken the file for abandoned.
            var status = stat()
            if unsafe fstat(opened, &status) == 0, status.st_nlink > 0 {
                temporaryPath = name
                descriptor = opened
                return
            }
            close(opened)
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        // Removed while it's locked, so that nobody else can be at it.
        unsafe _ = unlink(temporaryPath)
        close(descriptor)
    }

    /// Appends a copy of the bytes.
    ///
    /// - throws: ``OutputFileError``.
    public func write(_ bytes: [UInt8]) throws {
        try unsafe bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            try unsafe write(base, bytes.count)
        }
    }

    /// Appends the bytes.
    ///
    /// - throws: ``OutputFileError``.
    public func write(_ piece: BytePiece) throws { try unsafe write(piece.base, piece.count) }

    func write(_ base: UnsafeRawPointer, _ byteCount: Int) throws {
        var written = 0
        while written < byteCount {
            let result = unsafe writeOnce(descriptor, base + written, byteCount - written)
            if result < 0 {
                if errno == EINTR { continue }
                throw OutputFileError.system(path: path, operation: "write", code: errno)
            }
            written += result
        }
        count += byteCount
    }

    /// Gives the file its name, once every byte of it is on the disk.
    ///
    /// - throws: ``OutputFileError``; the name is as it was then.
    public func finish() throws {
        precondition(descriptor >= 0, "finished twice")
        guard fsync(descriptor) == 0 else {
            throw OutputFileError.system(path: path, operation: "fsync", code: errno)
        }
        try takeName()
        close(descriptor)
        descriptor = -1
        // The name itself: where the folder can't be opened or synced, the system writes it in its own time.
        let folder = unsafe open(Self.folder(of: path), O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    private func takeName() throws {
        if !replaces {
            // Unlike a rename, a link never takes a name that is taken.
            if unsafe link(temporaryPath, path) == 0 {
                unsafe _ = unlink(temporaryPath)
                return
            }
            if errno == EEXIST { throw OutputFileError.exists(path: path) }
            // Some file systems have no links.
            if Self.exists(path) { throw OutputFileError.exists(path: path) }
        }
        guard unsafe rename(temporaryPath, path) == 0 else {
            throw OutputFileError.system(path: path, operation: "rename", code: errno)
        }
    }
}

/// The system call, which ``OutputFile/write(_:)`` hides within the class.
private func writeOnce(_ descriptor: Int32, _ base: UnsafeRawPointer, _ count: Int) -> Int {
    unsafe write(descriptor, base, count)
}

// MARK: Folders

extension OutputFile {
    private static var prefix: String { ".nightshift-" }
    private static var suffix: String { ".partial" }

    /// Whether a file or anything else has the name.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Bytes that may still be written to the file system that `path` would lie in; `nil` where it doesn't tell.
    public static func freeBytes(for path: String) -> Int? {
        var status = statvfs()
        guard unsafe statvfs(folder(of: path), &status) == 0 else { return nil }
        return Int(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    /// Removes the temporary files of processes that were killed, from the folder that `path` would lie in.
    ///
    /// - returns: how many there were.
    @discardableResult
    public static func removeAbandoned(besides path: String) -> Int {
        let folder = folder(of: path)
        guard let directory = unsafe opendir(folder) else { return 0 }
        defer { unsafe _ = closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name.hasPrefix(prefix), name.hasSuffix(suffix) { names.append(name) }
        }
        return names.count { remove("\(folder)/\($0)") }
    }

    /// Removes a file that nobody has locked; true when that was so.
    private static func remove(_ path: String) -> Bool {
        let descriptor = unsafe open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return unsafe flock(descriptor, LOCK_EX | LOCK_NB) == 0 && unlink(path) == 0
    }
}
