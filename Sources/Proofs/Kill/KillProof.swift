import ChildProcesses
import Foundation
import JSONText
import JobStore
import TestSupport

/// Workers on one file are killed at any moment, again and again. In the end every job must be completed once, and every
/// kill explained by the attempts that it has cut off.
package struct KillProof {
    package var kills: Int
    package var workers: Int
    package var kind: WorkerKind
    package var seed: UInt64
    /// The longest pause between two kills, in seconds.
    package var pause = 0.2

    package init(kills: Int, workers: Int, kind: WorkerKind, seed: UInt64) {
        self.kills = kills
        self.workers = workers
        self.kind = kind
        self.seed = seed
    }

    package func run(_ report: ProofReport) async throws {
        let folder = try ProofFolder()
        folder.isKept = true
        let store = try JobStore(path: folder.database, mode: .create)
        // A job may well meet more kills than a night has crashes.
        try await store.execute("UPDATE settings SET value = '1000000' WHERE key = 'maximum_crashes'")
        var battle = Battle(proof: self, store: store, folder: folder)
        try await battle.fight(report)
        try await battle.finishWork(report)
        try await battle.judge(report)
        try store.close()
        folder.isKept = !report.findings.isEmpty
        if folder.isKept { report.note("the queue is kept: \(folder.database)") }
    }
}

/// A process that was killed.
private struct Casualty {
    /// `workers.id`, where it had come as far as that.
    let worker: String?
    let time: Date
    /// The attempts that it had in hand: "job/attempt".
    let held: Set<String>
}

private struct Battle {
    let proof: KillProof
    let store: JobStore
    let folder: ProofFolder
    private var generator: SplitMix64
    private var fighters: [ChildProcess] = []
    private var casualties: [Casualty] = []
    private var added = 0
    private var ownEnds = 0

    init(proof: KillProof, store: JobStore, folder: ProofFolder) {
        self.proof = proof
        self.store = store
        self.folder = folder
        generator = SplitMix64(seed: proof.seed)
    }

    private var journal: String { folder.path("journal.txt") }

    mutating func fight(_ report: ProofReport) async throws {
        var counted = 0
        var nextNote = ContinuousClock.now + .seconds(60)
        while counted < proof.kills {
            try await supply()
            try replace(report)
            try await Task.sleep(for: .seconds(.random(in: 0...proof.pause, using: &generator)))
            let casualty = try await killOne()
            casualties.append(casualty)
            if !casualty.held.isEmpty { counted += 1 }
            // The log is written back beside all that, too.
            if casualties.count % 50 == 0 { try await store.checkpoint() }
            if ContinuousClock.now > nextNote {
                report.note("\(counted) kills of workers at work so far, \(added) jobs")
                nextNote += .seconds(60)
            }
        }
    }

    /// Keeps some jobs waiting; their texts and lengths differ.
    private mutating func supply() async throws {
        let open = try await store.query("SELECT count(*) FROM jobs WHERE finalized_at IS NULL AND state = 'available'")
        guard open.first?.first.flatMap({ Int($0) }) ?? 0 < 4 * proof.workers else { return }
        let jobs = (0..<4 * proof.workers).map { index in
            let text =
                "Job \(added + index). " + String(repeating: "goat ", count: .random(in: 0...60, using: &generator))
            var job = NewJob.continuation(of: text, tokens: .random(in: 2...40, using: &generator))
            // Some are too long for one prompt, and divided.
            if Int.random(in: 0..<6, using: &generator) == 0 {
                job.input = .inline(
                    text + String(repeating: "goat ", count: .random(in: 900...1400, using: &generator)))
                job.options["overflow"] = "map-reduce"
            }
            return job
        }
        try await store.enqueue(jobs, now: Date())
        added += jobs.count
    }

    private mutating func replace(_ report: ProofReport) throws {
        for fighter in fighters {
            // Only the time limit may end a worker that nobody has killed.
            guard let end = fighter.end else { continue }
            ownEnds += 1
            report.expect([.exited(0), .exited(75)].contains(end), "a worker that nobody has killed: \(end)")
        }
        fighters.removeAll { $0.end != nil }
        while fighters.count < proof.workers {
            let limit = if case .standIn = proof.kind { "600" } else { "10m" }
            fighters.append(
                try proof.kind.start(database: folder.database, output: journal, ["-j", "3", "--max-time", limit]))
        }
    }

    /// Whom to kill: one that has jobs in hand three times of four, where there is such a one, else anyone, also one that has
    /// only begun to start.
    private mutating func victimsPlace() async throws -> Int {
        var places = Array(fighters.indices)
        if Int.random(in: 0..<4, using: &generator) > 0 {
            let busy = try await store.query(
                "SELECT pid FROM workers WHERE id IN (SELECT attempted_by FROM jobs WHERE state = 'running')")
            let pids = Set(busy.compactMap(\.first))
            let working = places.filter { pids.contains(String(fighters[$0].id)) }
            if !working.isEmpty { places = working }
        }
        return places.randomElement(using: &generator) ?? 0
    }

    private mutating func killOne() async throws -> Casualty {
        let victim = fighters.remove(at: try await victimsPlace())
        let time = Date()
        victim.killNow()
        let worker = try await store.query(
            "SELECT id FROM workers WHERE pid = \(victim.id) ORDER BY started_at DESC LIMIT 1"
        ).first?.first
        guard let worker else { return Casualty(worker: nil, time: time, held: []) }
        // Another worker may have taken them back by now.
        let held = try await store.query(
            """
            SELECT id || '/' || attempt FROM jobs INDEXED BY jobs_lease
              WHERE state = 'running' AND attempted_by = '\(worker)'
            UNION SELECT job_id || '/' || attempt FROM attempts INDEXED BY attempts_failed
              WHERE outcome IN ('failed','timed_out','lost') AND finished_at >= strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-10 seconds')
                AND outcome = 'lost' AND worker_id = '\(worker)'
            """)
        return Casualty(worker: worker, time: time, held: Set(held.compactMap(\.first)))
    }

    /// Lets the survivors do what is left.
    mutating func finishWork(_ report: ProofReport) async throws {
        let deadline = ContinuousClock.now + .seconds(300)
        while ContinuousClock.now < deadline {
            try replace(report)
            let open = try await store.query("SELECT count(*) FROM jobs WHERE finalized_at IS NULL")
            if open == [["0"]] { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        for fighter in fighters { fighter.send(SIGTERM) }
        for fighter in fighters {
            let end = try fighter.end(within: 120)
            report.expect(end == .exited(0), "a worker told to stop with nothing left: \(end)")
        }
    }

    func judge(_ report: ProofReport) async throws {
        for violation in try await store.audit() { report.find(violation) }
        func count(_ sql: String) async throws -> Int {
            try await store.query(sql).first?.first.flatMap { Int($0) } ?? -1
        }
        let completed = try await count("SELECT count(*) FROM jobs WHERE state = 'completed' AND parent_id IS NULL")
        let orphans = try await count(
            "SELECT count(*) FROM jobs WHERE state NOT IN ('completed','discarded','cancelled')")
        let doubled = try await count(
            """
            SELECT count(*) FROM (SELECT job_id FROM attempts WHERE outcome = 'completed' GROUP BY job_id HAVING count(*) > 1
              UNION SELECT job_id FROM events WHERE to_state = 'completed' GROUP BY job_id HAVING count(*) > 1)
            """)
        let parts = try await count("SELECT count(*) FROM jobs WHERE parent_id IS NOT NULL")
        let usedUp = try await count("SELECT count(*) FROM jobs WHERE max_attempts - attempt <> 2")
        report.expect(completed == added, "\(added) jobs were added, \(completed) are completed")
        report.expect(orphans == 0, "\(orphans) jobs are left in nobody's hands")
        report.expect(doubled == 0, "\(doubled) jobs were completed twice")
        report.expect(usedUp == 0, "\(usedUp) jobs have paid with a try for being killed")
        let announced = try judgeJournal(report)
        let times = try await judgeKills(report)
        let idle = casualties.count { $0.held.isEmpty }
        report.note(
            """
            seed \(proof.seed); \(proof.workers) workers on one file; \(casualties.count - idle) killed at work, \
            \(idle) more with nothing in hand, \(ownEnds) ended by themselves
            \(added) jobs: \(completed) completed, \(added - completed) lost, \(doubled) doubled, \(orphans) orphans; \
            \(parts) parts of jobs whose texts were too long for one prompt
            \(announced) completions announced before a kill could keep them from it
            attempts cut off by a kill: \(times.count), each recorded as lost; from the kill to their release \
            \(Spread(times).text)
            """)
    }

    /// What workers have said they had completed is completed, and was said once.
    private func judgeJournal(_ report: ProofReport) throws -> Int {
        let journal = try String(contentsOfFile: journal, encoding: .utf8)
        var announced: Set<Substring> = []
        for line in journal.split(separator: "\n") {
            guard let match = line.firstMatch(of: /job (\d+) \(generate\) completed/) else { continue }
            if !announced.insert(match.1).inserted { report.find("job \(match.1) was said to be completed twice") }
        }
        return announced.count
    }

    /// Every kill is explained by the attempts it cut off, and every lost attempt by a kill.
    ///
    /// - returns: how long each attempt stayed a dead worker's, in milliseconds.
    private func judgeKills(_ report: ProofReport) async throws -> [Double] {
        let lost = try await store.query(
            """
            SELECT job_id || '/' || attempt, worker_id, CAST((julianday(finished_at) - 2440587.5) * 86400000 AS INTEGER)
            FROM attempts WHERE outcome = 'lost'
            """)
        var unexplained: [String: (worker: String, time: Double)] = [:]
        for row in lost { unexplained[row[0]] = (row[1], Double(row[2]) ?? 0) }
        var times: [Double] = []
        for casualty in casualties {
            for attempt in casualty.held {
                guard let found = unexplained.removeValue(forKey: attempt), found.worker == casualty.worker else {
                    report.find("\(casualty.worker ?? "?") was killed in \(attempt), of which nobody knows")
                    continue
                }
                times.append(max(found.time - casualty.time.timeIntervalSince1970 * 1000, 0))
            }
        }
        for (attempt, loss) in unexplained.prefix(5) {
            report.find("\(attempt) of \(loss.worker) is said to be lost, and nobody has killed it there")
        }
        return times
    }
}
