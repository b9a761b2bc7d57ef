import Foundation
import GRDB

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The files of one shard in the folder that all machines see.
///
/// `shard-3.db` is the shard as it was split, or as it is done. Each worker that takes it on makes a run of it, the first
/// `shard-3.run1.json`, which says who that is, and brings its state back as `shard-3.run1.db`. No two runs ever write to the
/// same file: when a machine that was thought dead comes back, neither can undo what the other has brought back.
package struct ShardRuns: Sendable {
    package let folder: String
    /// From 0.
    package let number: Int

    package init(folder: String, number: Int) {
        self.folder = folder
        self.number = number
    }

    /// - Parameter shard: the path of `shard-3.db`, by whatever name the file goes.
    package init?(shard: String) {
        let url = URL(filePath: shard).standardizedFileURL
        guard let match = url.lastPathComponent.wholeMatch(of: /shard-([0-9]{1,5})\.db/), let number = Int(match.1)
        else {
            return nil
        }
        self.init(folder: url.deletingLastPathComponent().path(percentEncoded: false).withoutFinalSlash, number: number)
    }

    package var shard: String { ShardBuilder.path(of: number, in: folder) }
    package func file(_ run: Int) -> String { "\(folder)/\(name(run)).db" }
    package func note(_ run: Int) -> String { "\(folder)/\(name(run)).json" }
    func name(_ run: Int) -> String { "shard-\(number).run\(run)" }

    /// The shard and run that a local or shared file's name tells.
    static func parse(_ name: String) -> (number: Int, run: Int)? {
        guard let match = name.wholeMatch(of: /shard-([0-9]{1,5})\.run([0-9]{1,6})\.(?:db|json)/),
            let number = Int(match.1), let run = Int(match.2)
        else { return nil }
        return (number, run)
    }

    /// The runs that have begun, in order.
    package func begun() -> [Int] { runs(ending: ".json") }

    /// The files that hold a state of the shard: the shard itself, and what its runs have brought back, in order.
    package func states() -> [String] {
        [shard].filter { FileManager.default.fileExists(atPath: $0) } + runs(ending: ".db").map(file)
    }

    private func runs(ending: String) -> [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { name in
            guard name.hasSuffix(ending), let parsed = Self.parse(name), parsed.number == number else { return nil }
            return parsed.run
        }.sorted()
    }

    /// Begins the next run. However many machines do it at once, each gets a number of its own.
    func begin(_ note: (Int) -> ShardRunNote) throws -> ShardRunNote {
        var run = (begun().last ?? 0) + 1
        while true {
            let path = self.note(run)
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            if descriptor >= 0 {
                close(descriptor)
                let note = note(run)
                try note.write(to: path)
                return note
            }
            guard errno == EEXIST else {
                throw JobStoreError.cannotOpen(path: path, reason: String(cString: strerror(errno)))
            }
            run += 1
        }
    }

    /// Whether a later run has begun: this one isn't the shard's owner any more.
    package func isSuperseded(_ run: Int) -> Bool { FileManager.default.fileExists(atPath: note(run + 1)) }
}

/// Who has taken a shard on, and how that ended. One without an end was killed, or its machine vanished, unless it is at
/// work still.
package struct ShardRunNote: Codable, Sendable, Equatable {
    package var split: String
    package var shard: Int
    package var run: Int
    package var hostname: String
    package var pid: Int32
    /// What the engine that started it calls it, such as `slurm 17_3, restart 1`.
    package var task: String?
    package var startedAt: String
    package var endedAt: String?
    /// `done`, `stopped`, `failed`, or `superseded` by a later run.
    package var outcome: String?

    enum CodingKeys: String, CodingKey {
        case split, shard, run, hostname, pid, task, outcome
        case startedAt = "started_at"
        case endedAt = "ended_at"
    }

    package static func read(_ path: String) -> ShardRunNote? {
        guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 16 else { return nil }
        return try? JSONDecoder().decode(Self.self, from: data)
    }

    /// Puts the note in place whole.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            try (encoder.encode(self) + Data([0x0A])).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw JobStoreError.inputOutput(path: path, detail: error.localizedDescription)
        }
    }
}

/// How far a shard, or a queue, is.
package struct ShardTally: Sendable, Equatable {
    package var open = 0
    package var completed = 0
    /// Given up or cancelled.
    package var failed = 0

    package init() {}

    init(in db: Database) throws {
        for row in try Row.fetchAll(db, sql: "SELECT state, count(*) AS count FROM jobs GROUP BY state") {
            add(try row.value("count"), in: try row.named("state"))
        }
    }

    mutating func add(_ count: Int, in state: JobState) {
        switch state {
        case .completed: completed += count
        case .discarded, .cancelled: failed += count
        case .available, .pending, .running: open += count
        }
    }

    package var ended: Int { completed + failed }

    /// Reads a file that nobody works on, or a copy of one.
    package init(path: String) throws {
        self = try UndisturbedDatabase(path: path).read { try ShardTally(in: $0) }
    }
}

extension String {
    var withoutFinalSlash: String { count > 1 && hasSuffix("/") ? String(dropLast()) : self }
}
