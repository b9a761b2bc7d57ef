import Foundation
package import Kernels

/// Opens the files of a model, with errors that say what to do.
package enum ModelFile {
    /// Maps a file.
    ///
    /// - parameter advice: what to do when it isn't there.
    package static func map(_ path: String, advice: String) throws -> MappedFile {
        let file: MappedFile
        do {
            file = try MappedFile(path: path)
        } catch MappedFileError.system(_, _, ENOENT) {
            throw ModelFileError.fileMissing(path: path, advice: advice)
        } catch MappedFileError.system(_, let operation, let code) {
            let reason = POSIXErrorCode(rawValue: code).map { POSIXError($0).localizedDescription } ?? "error \(code)"
            throw ModelFileError.unreadable(path: path, reason: "\(operation): \(reason)")
        } catch MappedFileError.notARegularFile {
            throw ModelFileError.unreadable(path: path, reason: "it is no regular file")
        }
        if try isLFSPointer(file) { throw ModelFileError.lfsPointer(path: path) }
        return file
    }

    /// The whole of a small file.
    ///
    /// - parameter limit: the most bytes that a good file of this kind could have.
    package static func contents(of path: String, limit: Int, advice: String) throws -> [UInt8] {
        let file = try map(path, advice: advice)
        guard file.count <= limit else {
            throw ModelFileError.malformed(
                path: path, part: "the file", problem: "has \(file.count) bytes; \(limit) are the most it may have")
        }
        return try file.bytes(offset: 0, count: file.count)
    }

    /// The JSON object that a small file consists of.
    package static func object(in path: String, limit: Int, advice: String) throws -> JSONFields {
        try JSONFields(json: contents(of: path, limit: limit, advice: advice), path: path, part: "the file")
    }

    private static func isLFSPointer(_ file: MappedFile) throws -> Bool {
        let mark = Array("version https://git-lfs.github.com/spec/".utf8)
        guard file.count >= mark.count, file.count < 4096 else { return false }
        return try file.bytes(offset: 0, count: mark.count) == mark
    }
}
