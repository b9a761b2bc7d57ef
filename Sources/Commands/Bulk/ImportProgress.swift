import Bulk
import Foundation
import JSONText
import Kernels
import Records

/// How far an import is, on standard error: on a terminal a line that is written over, elsewhere one every ten seconds.
final class ImportProgress {
    private let total: Int?
    private let verb: String
    private let line = ProgressLine()
    private var nextNote = ContinuousClock.now + .seconds(10)

    /// - parameter total: bytes of the file, where they are known.
    init(total: Int?, verb: String) {
        self.total = total
        self.verb = verb
    }

    func update(_ report: ImportReport, offset: Int) {
        func text() -> String {
            let share = total.map { $0 > 0 ? " (\(100 * min(offset, $0) / $0) %)" : "" } ?? ""
            return "\(report.records.grouped) lines read\(share), \(report.added.grouped) \(verb)"
                + (report.refused > 0 ? ", \(report.refused.grouped) refused" : "")
        }
        if Console.errorIsTerminal {
            line.update(text())
        } else if ContinuousClock.now >= nextNote {
            nextNote = ContinuousClock.now + .seconds(10)
            Console.note(text())
        }
    }

    func finish() { line.clear() }
}

/// Lines that are refused: written to a file, or else the first of them named on standard error.
final class RefusalJournal {
    private static let named = 20

    private let output: OutputFile?
    private let file: String
    private let progress: ImportProgress
    private var count = 0

    init(_ output: OutputFile?, file: String, progress: ImportProgress) {
        self.output = output
        self.file = file
        self.progress = progress
    }

    func write(_ problem: BulkProblem) throws {
        count += 1
        if let output {
            try output.write(Array(DelimitedText.json(.object(OutputLine.failure(problem))).utf8) + [0x0A])
        } else if count <= Self.named {
            progress.finish()
            Console.noteForeign("nightshift: \(file), \(problem)")
        }
    }

    /// Says how many weren't named.
    func close() {
        guard output == nil, count > Self.named else { return }
        Console.note("nightshift: and \(count - Self.named) more; --errors FILE writes down all of them")
    }
}

/// A copy of what comes once only, for who reads it twice.
final class SpoolFile {
    let path: String

    init(_ input: FileInput) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "nightshift-\(UUID().uuidString)")
            .path(percentEncoded: false)
        let output = try OutputFile(path: path, replaces: false)
        while true {
            let piece = try input.nextPiece()
            if piece.isEmpty { break }
            try output.write(piece)
        }
        try output.finish()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
