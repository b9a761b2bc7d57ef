import Bulk
import ChildProcesses
import Foundation
import JSONText
import Records
import TestSupport

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Many lines through `pipe`: it reads no further than its answers are taken, its memory doesn't grow with the lines, and
/// killed again and again, each time resumed, it answers every line once.
package struct PipeProof {
    package var lines: Int
    package var kills: Int
    package var seed: UInt64

    package init(lines: Int, kills: Int, seed: UInt64) {
        self.lines = lines
        self.kills = kills
        self.seed = seed
    }

    package func run(_ report: ProofReport) async throws {
        let folder = try ProofFolder()
        let requests = folder.path("requests.jsonl")
        try writeRequests(to: requests)
        try await prove(thatItWaits: folder, report)
        try await killAndResume(folder, report)
        try judge(folder, report)
        folder.isKept = !report.findings.isEmpty
        if folder.isKept { report.note("the files are kept: \(folder.url.path)") }
    }

    private func writeRequests(to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil) else {
            throw ProofError("can't write \(path)")
        }
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        for start in stride(from: 0, to: lines, by: 1000) {
            let page = (start..<min(start + 1000, lines)).map { index in
                """
                {"custom_id":"line-\(index)","kind":"generate","input":"Once upon a time there was number \(index)",\
                "options":{"max_new_tokens":3,"min_new_tokens":3}}

                """
            }
            try file.write(contentsOf: Data(page.joined().utf8))
        }
        try file.close()
    }

    /// - parameter redirections: of a shell.
    private func start(_ folder: ProofFolder, _ options: String, _ redirections: String) throws -> ChildProcess {
        try ChildProcess(
            "/bin/sh",
            ["-c", "cd '\(folder.url.path)' && exec \"$0\" pipe \(options) \(redirections)", WorkerKind.ownExecutable],
            output: folder.path("journal.txt"))
    }

    // MARK: - Nobody takes the answers

    private func prove(thatItWaits folder: ProofFolder, _ report: ProofReport) async throws {
        let fifo = folder.path("answers.fifo")
        guard mkfifo(fifo, 0o600) == 0 else { throw ProofError("can't make \(fifo)") }
        // Opened for both, so that neither side waits for the other to come.
        let process = try start(folder, "", "< requests.jsonl 1<> answers.fifo")
        var position = 0
        var isStill = false
        for _ in 0..<600 where !isStill {
            try await Task.sleep(for: .milliseconds(100))
            let now = try Self.readPosition(of: process.id)
            isStill = now > 0 && now == position
            position = now
        }
        // A pipe holds 64 KiB, some 200 answers; the input is read in pieces of 1 MiB.
        try await Task.sleep(for: .milliseconds(500))
        position = try Self.readPosition(of: process.id)
        let megabytes = ProcessUsage(of: process.id)?.residentMegabytes ?? 0
        report.expect(process.end == nil, "a pipe whose answers nobody takes has ended: \(journal(folder))")
        report.expect(position <= 2 << 20, "it has read \(position) bytes though nobody takes the answers")
        let size = try FileManager.default.attributesOfItem(atPath: folder.path("requests.jsonl"))[.size] as? NSNumber
        report.note(
            "nobody takes the answers: \(position) of \(size?.intValue ?? 0) bytes read, then it waits, at "
                + String(format: "%.1f MiB", megabytes))
        process.killNow()
    }

    /// How far it has read its standard input.
    private static func readPosition(of id: pid_t) throws -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(id)/fdinfo/0", encoding: .utf8)) ?? ""
        return text.firstMatch(of: /pos:\s*(\d+)/).flatMap { Int($0.1) } ?? 0
    }

    private func journal(_ folder: ProofFolder) -> String {
        (try? String(contentsOfFile: folder.path("journal.txt"), encoding: .utf8).suffix(500)).map(String.init) ?? ""
    }

    // MARK: - Killed and resumed

    private func killAndResume(_ folder: ProofFolder, _ report: ProofReport) async throws {
        var generator = SplitMix64(seed: seed)
        let answers = folder.path("answers.jsonl")
        func size() -> Int {
            (try? FileManager.default.attributesOfItem(atPath: answers)[.size] as? NSNumber)?.intValue ?? 0
        }
        let resume = "--resume answers.jsonl"
        let redirections = "< requests.jsonl >> answers.jsonl 2>> journal.txt"
        let whole = lines * 300
        for kill in 0..<kills {
            let goal = min(
                size() + .random(in: 1...max(whole / kills, 1), using: &generator), whole * (kill + 1) / (kills + 1))
            let process = try start(folder, resume, redirections)
            let deadline = ContinuousClock.now + .seconds(120)
            while size() < goal, process.end == nil, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(5))
            }
            process.killNow()
        }
        let (start, before) = (ContinuousClock.now, size())
        let process = try self.start(folder, resume, redirections)
        var memory: [Double] = []
        while process.end == nil {
            // Nothing before it is at work, such as while it is still the shell.
            if let usage = ProcessUsage(of: process.id), size() > before {
                memory.append(usage.residentMegabytes)
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        let end = process.end
        report.expect(
            end == .exited(0), "the last run ended with \(end.map { "\($0)" } ?? "nothing"): \(journal(folder))")
        let (early, late) = (memory.prefix(max(memory.count / 4, 1)).max() ?? 0, memory.max() ?? 0)
        // The names that were seen, sixteen bytes each, in a table that doubles.
        report.expect(late - early < 16 + Double(lines) * 100 / 1_048_576, "memory grew from \(early) to \(late) MiB")
        report.note(
            String(
                format:
                    "seed %llu; %d kills, then to the end in %.0f s; memory at most %.1f MiB in the first quarter, %.1f MiB after it",
                seed, kills, (ContinuousClock.now - start) / .seconds(1), early, late))
    }

    /// Every line is answered once, whatever was torn.
    private func judge(_ folder: ProofFolder, _ report: ProofReport) throws {
        let file = try FileHandle(forReadingFrom: URL(filePath: folder.path("answers.jsonl")))
        var reader = JSONLinesReader(ByteInput { Array(try file.read(upToCount: 1 << 20) ?? Data()) })
        var answered: Set<String> = []
        var torn = 0
        while let record = try reader.next() {
            guard case .success(let record) = record, case .string(let name)? = record.fields["custom_id"] else {
                torn += 1
                continue
            }
            report.expect(record.fields["response"] != nil, "\(name) was not answered")
            report.expect(answered.insert(name).inserted, "\(name) was answered twice")
        }
        report.expect(answered.count == lines, "\(answered.count) of \(lines) lines are answered")
        report.expect(torn <= kills, "\(torn) lines are torn by \(kills) kills")
        report.note("\(lines) lines: \(answered.count) answered, each once; \(torn) torn lines passed over")
    }
}
