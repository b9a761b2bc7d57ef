import ChildProcesses
import Foundation
import JobStore

/// What the queue must achieve, measured: figures to read, not a test, since they say as much of what else the machine does.
package struct FloorBenchmark {
    /// Finished jobs in the file while all is measured.
    package var finishedJobs: Int
    package init(finishedJobs: Int) { self.finishedJobs = finishedJobs }

    package func run(_ report: ProofReport) async throws {
        let queue = try ProvenQueue()
        report.note("on \(queue.folder.database), with \(finishedJobs) finished jobs in the file")
        try await fill(queue)
        try await inserts(report)
        try await claims(queue, report)
        try await idleness(queue, report)
        try await reactions(queue, report)
        try await deaths(queue, report)
    }

    private func note(_ what: String, _ measured: String, wanted: String, isMet: Bool, _ report: ProofReport) {
        report.note("\(isMet ? "met   " : "MISSED") \(what): \(measured), wanted \(wanted)")
    }

    private func fill(_ queue: ProvenQueue) async throws {
        var left = finishedJobs
        while left > 0 {
            let page = min(left, 50_000)
            try await queue.store.execute(
                """
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(page))
                INSERT INTO jobs(kind, input, state, attempt, finalized_at)
                  SELECT 'generate', 'x', 'completed', 1, strftime('%Y-%m-%dT%H:%M:%fZ') FROM n
                """)
            try await queue.store.checkpointIfLarge()
            left -= page
        }
        try await queue.store.execute(
            """
            INSERT INTO attempts(job_id, attempt, worker_id, outcome, finished_at)
              SELECT id, 1, 'w', 'completed', finalized_at FROM jobs WHERE state = 'completed';
            INSERT INTO results(job_id, attempt, text) SELECT id, 1, 'y' FROM jobs WHERE state = 'completed'
            """)
        try await queue.store.checkpoint()
    }

    /// Jobs of 2 KB, into a queue of their own.
    private func inserts(_ report: ProofReport) async throws {
        let queue = try ProvenQueue()
        let text = String(repeating: "Bees make honey. ", count: 120)
        let count = 20_000
        var rates: [Double] = []
        for round in 0..<5 {
            let jobs = (0..<count).lazy.map { index in
                var job = NewJob(kind: "summarize", input: .inline(text))
                // As an import has them.
                job.uniqueKey = "import:\(String(UInt64(round * count + index) &* 0x9E37_79B9_7F4A_7C15, radix: 16))"
                return job
            }
            let start = ContinuousClock.now
            try await queue.store.enqueue(jobs, now: Date())
            rates.append(Double(count) / ((ContinuousClock.now - start) / .seconds(1)))
        }
        rates.sort()
        note(
            "bulk inserts of jobs of 2 KB, synchronous=FULL",
            "\(Int(rates[2]))/s (of five rounds, from \(Int(rates[0])) to \(Int(rates[4])))", wanted: ">= 20000/s",
            isMet: rates[2] >= 20_000, report)
    }

    private func claims(_ queue: ProvenQueue, _ report: ProofReport) async throws {
        let count = 2000
        try await queue.add(count, tokens: 5)
        var times: [Double] = []
        let clock = ContinuousClock()
        let start = clock.now
        for _ in 0..<count {
            let before = clock.now
            let jobs = try await queue.store.claim(limit: 1, queues: nil, worker: "w", now: Date())
            times.append((clock.now - before) / .milliseconds(1))
            guard let job = jobs.first else { break }
            _ = try await queue.store.complete(job.claim, with: JobResult(text: "Honey."), now: Date())
        }
        let rate = Double(times.count) / ((clock.now - start) / .seconds(1))
        let spread = Spread(times)
        note("claim and finish, synchronous=FULL", "\(Int(rate))/s", wanted: ">= 1000/s", isMet: rate >= 1000, report)
        note("claim of one job", spread.text, wanted: "p99 < 5 ms", isMet: spread.share(0.99) < 5, report)
    }

    private func idleness(_ queue: ProvenQueue, _ report: ProofReport) async throws {
        let worker = try queue.start()
        try await queue.wait(for: "the worker") { queue.journalText.contains("is at work") }
        try await Task.sleep(for: .seconds(2))
        let seconds = 20.0
        let before = ProcessUsage(of: worker.id)?.processorSeconds ?? 0
        try await Task.sleep(for: .seconds(seconds))
        let used = (ProcessUsage(of: worker.id)?.processorSeconds ?? 0) - before
        note(
            "an idle worker's processor time", String(format: "%.2f %%", used / seconds * 100), wanted: "< 1 %",
            isMet: used / seconds < 0.01, report)
        var waits: [Double] = []
        for _ in 0..<40 {
            let time = Date()
            let ids = try await queue.add(1, tokens: 1)
            try await queue.wait(until: "state = 'completed' FROM jobs WHERE id = \(ids[0])")
            let started = try await queue.number(
                "SELECT CAST((julianday(started_at) - 2440587.5) * 86400000 AS INTEGER) FROM attempts WHERE job_id = \(ids[0])"
            )
            waits.append(max(0, Double(started) - time.timeIntervalSince1970 * 1000))
            try await Task.sleep(for: .milliseconds(.random(in: 0...150)))
        }
        let spread = Spread(waits)
        note(
            "from adding a job to its start", spread.text, wanted: "p50 < 100 ms", isMet: spread.share(0.5) < 100,
            report)
        worker.send(SIGTERM)
        try worker.end(within: 120)
    }

    private func reactions(_ queue: ProvenQueue, _ report: ProofReport) async throws {
        let worker = try queue.start("--step", "0.02")
        var times: [Double] = []
        for _ in 0..<10 {
            let id = try await queue.add(1, tokens: 1500)[0]
            try await queue.wait(until: "state = 'running' FROM jobs WHERE id = \(id)")
            try await Task.sleep(for: .milliseconds(300))
            let start = ContinuousClock.now
            try await queue.store.cancel(JobSelection(ids: [id]))
            // The worker's last word about it is written when the engine has let go.
            try await queue.wait(until: "count(*) = 1 FROM attempts WHERE job_id = \(id) AND late_text IS NOT NULL")
            times.append((ContinuousClock.now - start) / .milliseconds(1))
        }
        let spread = Spread(times)
        note(
            "from cancelling a running job to its end", spread.text, wanted: "250 ms", isMet: spread.share(0.9) <= 250,
            report)
        worker.killNow()
    }

    private func deaths(_ queue: ProvenQueue, _ report: ProofReport) async throws {
        var times: [Double] = []
        var survivor: ChildProcess?
        for _ in 0..<5 {
            // The survivor comes later, so that it doesn't take the job.
            survivor?.killNow()
            let doomed = try queue.start("--step", "0.5")
            let id = try await queue.add(1, tokens: 200)[0]
            try await queue.wait(until: "state = 'running' FROM jobs WHERE id = \(id)")
            survivor = try queue.start("--lease", "5")
            try await queue.wait(until: "count(*) = 2 FROM workers WHERE stopped_at IS NULL")
            let time = Date()
            doomed.killNow()
            try await queue.wait(until: "outcome = 'lost' FROM attempts WHERE job_id = \(id) AND attempt = 1")
            times.append(Date().timeIntervalSince(time) * 1000)
            try await queue.store.cancel(JobSelection(ids: [id]))
        }
        let spread = Spread(times)
        note(
            "from a worker's death to the release of its jobs", spread.text, wanted: "2 s",
            isMet: spread.share(1) <= 2000, report)
        try await queue.store.pause(queue: "default", now: Date())
        let elsewhere = WorkerRegistration(id: "elsewhere:1", hostname: "elsewhere", processID: 1, version: "1")
        try await queue.store.register(elsewhere, now: Date())
        let id = try await queue.add(1, tokens: 5)[0]
        let lease = 5.0
        try await queue.store.execute(
            """
            UPDATE jobs SET state = 'running', attempt = 1, attempted_by = 'elsewhere:1',
              attempted_at = strftime('%Y-%m-%dT%H:%M:%fZ'),
              lease_expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+\(lease) seconds') WHERE id = \(id);
            INSERT INTO attempts(job_id, attempt, worker_id) VALUES (\(id), 1, 'elsewhere:1')
            """)
        let start = ContinuousClock.now
        try await queue.wait(until: "outcome = 'lost' FROM attempts WHERE job_id = \(id) AND attempt = 1")
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        note(
            "the same on another host, with a lease of \(lease) s", String(format: "%.1f s", seconds),
            wanted: "lease + 5 s", isMet: seconds <= lease + 5, report)
        survivor?.killNow()
    }
}
