import Generation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Standard input, line by line. Reading blocks a thread of its own, none that tasks share.
actor StandardInput {
    /// Longer lines are refused: no request of the engine comes near.
    static let maximumLineLength = 256 << 20

    private let executor = QueueExecutor(label: "nightshift.standard-input")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    /// The next line without its newline, or `nil` at the end. Lines of white space are passed over.
    ///
    /// - throws: ``CommandError`` (74) when reading fails, (65) for an endless line.
    func nextLine() throws -> [UInt8]? {
        while let line = try nextRawLine() {
            if line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) { return line }
        }
        return nil
    }

    private func nextRawLine() throws -> [UInt8]? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                defer { start = end + 1 }
                return Array(buffer[start..<end])
            }
            if isAtEnd {
                defer { start = buffer.count }
                return start < buffer.count ? Array(buffer[start...]) : nil
            }
            buffer.removeFirst(start)
            start = 0
            searched = buffer.count
            guard buffer.count <= Self.maximumLineLength else {
                throw CommandError(.badData, "standard input: a line is longer than \(Self.maximumLineLength) bytes")
            }
            try fill()
        }
    }

    private func fill() throws {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = chunk.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
        if count < 0 {
            if errno == EINTR { return }
            throw CommandError(.ioError, "standard input: \(String(cString: strerror(errno)))")
        }
        isAtEnd = count == 0
        buffer.append(contentsOf: chunk.prefix(count))
    }
}
