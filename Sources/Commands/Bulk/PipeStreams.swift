import Bulk
import Foundation
import Generation
import JSONText
import Records
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Brings the lines of standard input into the queue, as many as there is room for.
actor PipeFeed {
    private let queue: PipeQueue
    private let parser: JobLineParser
    private let answered: PipeResume?
    private let input = PipeInput()
    private var seen = SeenLines()
    private(set) var skipped = 0
    /// Nothing more will come of it, be it for an error.
    private(set) var isDone = false
    private(set) var hasReadAll = false

    init(queue: PipeQueue, parser: JobLineParser, answered: PipeResume?) {
        self.queue = queue
        self.parser = parser
        self.answered = answered
    }

    /// - throws: what reading throws, and writing the answers of wrong lines.
    func run() async throws {
        defer { isDone = true }
        while true {
            await queue.waitForRoom()
            guard let record = try await input.next() else { break }
            do throws(BulkProblem) {
                guard let job = try job(from: record) else {
                    skipped += 1
                    continue
                }
                await queue.add(job)
            } catch {
                if let name = error.customID, answered?.has(name) == true { continue }
                try await queue.refuse(error)
            }
        }
        hasReadAll = true
        await queue.closeInput()
    }

    /// `nil` for one that is answered already.
    private func job(from record: Result<BulkRecord, BulkProblem>) throws(BulkProblem) -> BulkJob? {
        let job = try parser.job(from: try record.get())
        guard let name = job.customID else {
            guard answered == nil else {
                throw BulkProblem(
                    line: job.line, code: "invalid_request",
                    message: "a line without a custom_id can't be found again: --resume needs one on each")
            }
            return job
        }
        let sighting = seen.note(name, line: job.line)
        guard sighting.count == 1 else {
            throw BulkProblem(
                line: job.line, customID: name, code: "duplicate_custom_id",
                message: "the custom_id '\(name)' stands on line \(sighting.line) already")
        }
        return answered?.has(name) == true ? nil : job
    }
}

/// Standard input as records. Reading blocks a thread of its own, none that tasks share.
private actor PipeInput {
    private let executor = QueueExecutor(label: "nightshift.pipe-input")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private var reader: JSONLinesReader?

    func next() throws -> Result<BulkRecord, BulkProblem>? {
        var reader = if let reader { reader } else { JSONLinesReader(try FileInput("-").bytes) }
        defer { self.reader = reader }
        return try reader.next()
    }
}

/// Standard output, a line at a time. Writing blocks a thread of its own, until somebody reads or it is given up.
actor PipeOutput {
    private let executor = QueueExecutor(label: "nightshift.pipe-output")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private let end = Mutex<ContinuousClock.Instant?>(nil)

    /// Whether standard output is one. Where it was closed, something of the runtime's own may have taken its number.
    static var isOpen: Bool {
        var status = stat()
        let flags = fcntl(STDOUT_FILENO, F_GETFL)
        return flags >= 0 && flags & O_ACCMODE != O_RDONLY && fstat(STDOUT_FILENO, &status) == 0
            && status.st_mode & S_IFMT != 0
    }

    /// What can't be written by then is given up.
    nonisolated func giveUp(after seconds: Double) {
        end.withLock { $0 = .now + .seconds(seconds) }
    }

    /// Writes a line; returns when it has left.
    ///
    /// - throws: ``CommandError``: 74 when the disk is full or the reader has gone, 75 when it was given up.
    func write(_ line: JSONObject) throws {
        let bytes = Array(DelimitedText.json(.object(line)).utf8) + [0x0A]
        var rest = bytes[...]
        while !rest.isEmpty {
            try waitForReader()
            // No more than a pipe that is ready takes without blocking.
            let written = rest.prefix(Int(PIPE_BUF)).withUnsafeBytes {
                Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if written < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw CommandError(.ioError, "standard output: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(written)
        }
    }

    private func waitForReader() throws {
        while true {
            var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
            if poll(&descriptor, 1, 100) > 0 { return }
            if let end = end.withLock(\.self), ContinuousClock.now >= end {
                throw CommandError(.temporary, "standard output: nobody takes the answers")
            }
        }
    }
}
