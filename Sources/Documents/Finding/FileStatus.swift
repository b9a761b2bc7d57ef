#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What a path leads to, following symbolic links.
struct FileStatus {
    enum Kind {
        case file
        case folder
        /// A pipe, a socket or a device, by what people call it.
        case other(String)
    }

    /// The same for two paths that lead to the same thing.
    struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    let kind: Kind
    /// In bytes.
    let size: Int
    let identity: Identity
    /// Nanoseconds, for comparing only.
    let modified: Int

    /// - returns: `nil` where there is nothing: also for a symbolic link to itself or to nothing, and for a name too
    ///   long for a file.
    /// - throws: ``DocumentError/noPermission(path:)``, ``DocumentError/unreadable(path:reason:)``.
    static func of(_ path: String) throws -> FileStatus? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            if [ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG].contains(code) { return nil }
            throw error(code, path: path)
        }
        return FileStatus(status)
    }

    /// What an open descriptor leads to.
    static func of(descriptor: Int32, path: String) throws -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw error(errno, path: path) }
        return FileStatus(status)
    }

    private init(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .folder
        case S_IFIFO: kind = .other("a pipe")
        case S_IFSOCK: kind = .other("a socket")
        default: kind = .other("a device")
        }
        size = Int(status.st_size)
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        modified = Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
        identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// Opens a file for reading. Opening a pipe doesn't wait for a writer.
    ///
    /// - throws: ``DocumentError`` for whatever isn't a regular file that may be read.
    static func open(_ path: String) throws -> (descriptor: Int32, status: FileStatus) {
        // A NUL would end the path early and open another file.
        guard !path.utf8.contains(0) else { throw DocumentError.notFound(path: path) }
        #if canImport(Darwin)
        let descriptor = Darwin.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        #elseif canImport(Musl)
        let descriptor = Musl.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        #else
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        #endif
        guard descriptor >= 0 else { throw error(errno, path: path) }
        do {
            let status = try of(descriptor: descriptor, path: path)
            switch status.kind {
            case .file: return (descriptor, status)
            case .folder: throw DocumentError.folder(path: path)
            case .other(let kind): throw DocumentError.notAFile(path: path, kind: kind)
            }
        } catch {
            close(descriptor)
            throw error
        }
    }

    static func error(_ code: Int32, path: String) -> DocumentError {
        switch code {
        case ENOENT, ENOTDIR, ELOOP: .notFound(path: path)
        case EACCES, EPERM: .noPermission(path: path)
        // What opening a socket gives.
        case ENXIO: .notAFile(path: path, kind: "a socket or a device")
        default: .unreadable(path: path, reason: String(cString: strerror(code)))
        }
    }
}
