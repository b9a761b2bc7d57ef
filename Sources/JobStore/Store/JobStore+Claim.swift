public import Foundation
import GRDB

extension JobStore {
    public func claim(limit: Int, queues: [String]?, worker: String, now: Date) async throws -> [ClaimedJob] {
        guard limit > 0 else { return [] }
        let nowText = Timestamp.text(now)
        let clock = clock
        // An idle worker looks every moment: it must not take the write lock for nothing.
        let somethingIsDue = try await read { db in
            guard try !SuspectJob.isRun(in: db, by: worker) else { return false }
            return try QueueGate.open(in: db, names: queues, now: now, clock: clock)
                .contains { try $0.hasDue(in: db, now: nowText) }
        }
        guard somethingIsDue else { return [] }
        let leaseEnd = Timestamp.text(now.addingTimeInterval(settings.leaseSeconds))
        return try await write { db in
            // What is too late by now isn't begun.
            try Deadlines.discardMissed(in: db, now: nowText, limit: 500)
            guard try !SuspectJob.isRun(in: db, by: worker) else { return [] }
            let gates = try QueueGate.open(in: db, names: queues, now: now, clock: clock)
            let isIdle = try !runsSomething(worker, in: db)
            let due = try dueJobs(in: db, gates: gates, limit: limit, now: nowText)
            let company = try SuspectJob.choose(from: due, in: db, isIdle: isIdle)
            var taker = JobTaker(db: db, worker: worker, now: nowText, leaseEnd: leaseEnd)
            let taken = try company.compactMap { try taker.take($0) }
            for gate in gates { try StartLog.note(taken.count { $0.queue == gate.name }, of: gate, in: db, now: now) }
            return taken
        }
    }

    public func outlook(queues: [String]?, now: Date) async throws -> QueueOutlook {
        let nowText = Timestamp.text(now)
        let clock = clock
        return try await read { db in
            let next = try db.cachedStatement(
                sql: """
                    SELECT CAST(round((julianday(scheduled_at) - 2440587.5) * 86400000) AS INTEGER) FROM jobs
                    WHERE state = 'available' AND queue = ? AND priority = ? AND scheduled_at > ?
                    ORDER BY scheduled_at LIMIT 1
                    """)
            var nextDue: Int64?
            var outlook = QueueOutlook(hasDue: false, nextDue: nil, hasRunning: false)
            for gate in try QueueGate.all(in: db, names: queues, now: now, clock: clock) {
                for priority in QueueGate.priorities {
                    if let due = try Int64.fetchOne(next, arguments: [gate.name, priority, nowText]) {
                        nextDue = min(due, nextDue ?? due)
                    }
                }
                guard try gate.hasDue(in: db, now: nowText) else { continue }
                if gate.room > 0 {
                    outlook.hasDue = true
                } else if gate.isOutsideWindow {
                    outlook.waitsForWindow = true
                } else if gate.roomToStart == 0 {
                    outlook.waitsForRate = true
                }
            }
            outlook.nextDue = nextDue.map(Timestamp.date(milliseconds:))
            outlook.hasRunning =
                try Bool.fetchOne(db, cached: "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'running')") ?? false
            return outlook
        }
    }
}

private func runsSomething(_ worker: String, in db: Database) throws -> Bool {
    try Bool.fetchOne(
        db,
        cached: """
            SELECT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_lease WHERE state = 'running' AND attempted_by = ?)
            """, arguments: [worker]) ?? false
}

/// A job in which a worker has died. It runs alone, so that whoever runs beside it doesn't pay for it again.
///
/// Which of a dead worker's jobs killed it can't be known: all of them are suspects until an attempt ends in another way.
private enum SuspectJob {
    /// What of `due`, in claim order, a worker may take: everything before the first suspect, or that one by itself if the
    /// worker has nothing else in hand. A busy worker takes nothing from a suspect on, so that it comes to rest.
    static func choose(from due: [Int64], in db: Database, isIdle: Bool) throws -> ArraySlice<Int64> {
        guard let index = try due.firstIndex(where: { try isSuspect($0, in: db) }) else { return due[...] }
        return index == 0 && isIdle ? due.prefix(1) : due.prefix(index)
    }

    /// Whether the worker is at work on a suspect.
    static func isRun(in db: Database, by worker: String) throws -> Bool {
        let rows = try Row.fetchAll(
            db,
            cached:
                "SELECT id, attempt FROM jobs INDEXED BY jobs_lease WHERE state = 'running' AND attempted_by = ? LIMIT 2",
            arguments: [worker])
        guard rows.count == 1, let row = rows.first else { return false }
        return try isSuspect(try row.value("id"), before: try row.value("attempt"), in: db)
    }

    private static func isSuspect(_ id: Int64, before attempt: Int = .max, in db: Database) throws -> Bool {
        // Being handed back says nothing about a job.
        let query = try db.cachedStatement(
            sql: """
                SELECT outcome FROM attempts WHERE job_id = ? AND attempt < ? AND outcome <> 'interrupted'
                ORDER BY attempt DESC LIMIT 1
                """)
        return try String.fetchOne(query, arguments: [id, attempt]) == AttemptOutcome.lost.rawValue
    }
}

extension JobStore {
    /// How SQLite looks for due jobs, for tests.
    package func claimPlan() async throws -> String {
        try await read { db in
            let rows = try Row.fetchAll(
                db, sql: "EXPLAIN QUERY PLAN " + QueueGate.candidatesSQL, arguments: ["default", 5, "2026", 1])
            return try rows.map { try $0.value("detail") as String }.joined(separator: "\n")
        }
    }
}

/// The due jobs of all gates in claim order. It asks priority by priority, so that jobs scheduled for later never stand
/// between it and those that are due.
private func dueJobs(in db: Database, gates: [QueueGate], limit: Int, now: String) throws -> [Int64] {
    let query = try db.cachedStatement(sql: QueueGate.candidatesSQL)
    var gates = gates
    var chosen: [Int64] = []
    for priority in QueueGate.priorities where chosen.count < limit {
        var candidates: [(scheduledAt: String, id: Int64, gate: Int)] = []
        for (index, gate) in gates.enumerated() where gate.room > 0 {
            let rows = try Row.fetchAll(
                query, arguments: [gate.name, priority, now, min(limit - chosen.count, gate.room)])
            candidates += try rows.map { (try $0.value("scheduled_at"), try $0.value("id"), index) }
        }
        candidates.sort { ($0.scheduledAt, $0.id) < ($1.scheduledAt, $1.id) }
        for candidate in candidates.prefix(limit - chosen.count) {
            chosen.append(candidate.id)
            gates[candidate.gate].room -= 1
        }
    }
    return chosen
}

/// Makes jobs running within one transaction, and reads what their worker needs.
private struct JobTaker {
    let db: Database
    let worker: String
    let now: String
    let leaseEnd: String
    /// Documents of this claim: many questions about one document hold its text once.
    private var documents: [Int64: ClaimedJob.Document?] = [:]

    init(db: Database, worker: String, now: String, leaseEnd: String) {
        self.db = db
        self.worker = worker
        self.now = now
        self.leaseEnd = leaseEnd
    }

    /// `nil` where a trigger of somebody's own has kept the job from running.
    mutating func take(_ id: Int64) throws -> ClaimedJob? {
        // The attempts are asked too: a hand that set the counter back must not make the number of an old one come again.
        let update = try db.cachedStatement(
            sql: """
                UPDATE jobs SET state = 'running', attempted_at = ?1, attempted_by = ?2, lease_expires_at = ?3, progress = NULL,
                  attempt = max(attempt, coalesce((SELECT max(a.attempt) FROM attempts a WHERE a.job_id = jobs.id), 0)) + 1
                WHERE id = ?4 AND state = 'available'
                RETURNING *, CAST(round((julianday(?1) - julianday(scheduled_at)) * 86400000) AS INTEGER) AS wait_ms
                """)
        guard let row = try Row.fetchAll(update, arguments: [now, worker, leaseEnd, id]).first else { return nil }
        let claim = JobClaim(jobID: id, attempt: try row.value("attempt"), worker: worker)
        let wait = max(0, try row.value("wait_ms") as Int)
        try db.cachedStatement(
            sql: "INSERT INTO attempts (job_id, attempt, worker_id, started_at, wait_ms) VALUES (?, ?, ?, ?, ?)"
        ).execute(arguments: [id, claim.attempt, worker, now, wait])
        var job = ClaimedJob(
            claim: claim, kind: try row.value("kind"), queue: try row.value("queue"),
            priority: try row.value("priority"),
            maxAttempts: try row.value("max_attempts"), question: try row.optional("question"),
            input: try row.optional("input"), document: try document(try row.optional("document_id")),
            template: try template(try row.optional("template_id")), optionsJSON: try row.value("options"),
            metadataJSON: try row.value("metadata"), batchID: try row.optional("batch_id"),
            customID: try row.optional("custom_id"), parentID: try row.optional("parent_id"),
            part: try row.optional("part"), timeoutSeconds: try timeout(row), waitMilliseconds: wait)
        if let continued: Int64 = try row.optional("continues") {
            job.conversation = try Conversation.read(from: continued, in: db)
        }
        job.parts = try JobParts.highest(of: id, in: db)
        return job
    }

    /// The job's own, else its queue's.
    private func timeout(_ job: Row) throws -> Double? {
        if let own: Double = try job.optional("timeout_seconds") { return own }
        let query = try db.cachedStatement(sql: "SELECT timeout_seconds FROM queues WHERE name = ?")
        return try Double.fetchOne(query, arguments: [try job.value("queue") as String])
    }

    private mutating func document(_ id: Int64?) throws -> ClaimedJob.Document? {
        guard let id else { return nil }
        if let known = documents[id] { return known }
        let query = try db.cachedStatement(sql: "SELECT title, source, media_type, text FROM documents WHERE id = ?")
        let document = try Row.fetchOne(query, arguments: [id]).map { row in
            ClaimedJob.Document(
                id: id, title: try row.optional("title"), source: try row.optional("source"),
                mediaType: try row.value("media_type"), text: try row.value("text"))
        }
        documents[id] = .some(document)
        return document
    }

    private func template(_ id: Int64?) throws -> ClaimedJob.Template? {
        guard let id else { return nil }
        let query = try db.cachedStatement(sql: "SELECT name, version, body, options FROM templates WHERE id = ?")
        return try Row.fetchOne(query, arguments: [id]).map { row in
            ClaimedJob.Template(
                name: try row.value("name"), version: try row.value("version"), body: try row.value("body"),
                optionsJSON: try row.value("options"))
        }
    }
}
