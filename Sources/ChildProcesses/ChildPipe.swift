internal import CChildProcess
internal import Foundation

/// A pipe to or from a program; no program has it but the one that it is given to. Both ends are closed with it.
package struct ChildPipe: ~Copyable {
    package private(set) var readEnd: Int32
    package private(set) var writeEnd: Int32

    /// - throws: ``ChildProcess/StartError``, most likely since this process has too many files open.
    package init() throws(ChildProcess.StartError) {
        var ends: [Int32] = [-1, -1]
        let code = nightshift_pipe(&ends)
        guard code == 0 else { throw ChildProcess.StartError(path: "a pipe", code: code) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        if readEnd >= 0 { close(readEnd) }
        if writeEnd >= 0 { close(writeEnd) }
    }

    /// To be called once the program has it: there is no end of what is read while somebody may write.
    package mutating func closeWriteEnd() { close(takeWriteEnd()) }

    package mutating func closeReadEnd() { close(takeReadEnd()) }

    /// Hands over the end for reading, to be closed by the caller.
    package mutating func takeReadEnd() -> Int32 {
        defer { readEnd = -1 }
        return readEnd
    }

    /// Hands over the end for writing, to be closed by the caller.
    package mutating func takeWriteEnd() -> Int32 {
        defer { writeEnd = -1 }
        return writeEnd
    }
}
