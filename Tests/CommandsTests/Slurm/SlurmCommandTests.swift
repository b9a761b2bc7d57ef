import Foundation
import JSONText
import Testing

@Suite("nightshift slurm")
struct SlurmCommandTests {
    /// A queue with jobs, and programs in place of Slurm's.
    private func makeQueue(jobs: Int = 4) throws -> TestQueue {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(jobs, tokens: "2")
        try program(
            queue, "sbatch",
            "echo \"$*\" >> sbatch.calls; printf '17|0|PENDING|None|\\n17|1|PENDING|None|\\n' > tasks; echo $((16 + $(wc -l < sbatch.calls)))"
        )
        try program(queue, "squeue", "touch tasks; cat tasks")
        try program(queue, "scancel", "echo \"$*\" >> scancel.calls; : > tasks")
        queue.commandLine.environment["PATH"] = "\(queue.path("bin")):/usr/bin:/bin"
        return queue
    }

    private func program(_ queue: TestQueue, _ name: String, _ body: String) throws {
        try queue.write("#!/bin/bash\ncd '\(queue.folder.path)'\n\(body)\n", to: "bin/\(name)")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: queue.path("bin/\(name)"))
    }

    private func submit(_ queue: TestQueue, _ more: String...) throws -> CommandLine.Outcome {
        try queue.commandLine.run(["slurm", "submit", "--nodes", "2", "--shards", "2", "--out", "night"] + more)
    }

    /// Does a shard as a task would.
    private func work(_ queue: TestQueue, _ shard: Int) throws -> Int32 {
        try queue.work("--db", "night/shard-\(shard).db", "--scratch", "disk", "--drain", "--quiet").status
    }

    @Test("a night: submitted once, synced while a shard is late, and synced to the end")
    func night() throws {
        let queue = try makeQueue()
        let submitted = try submit(queue, "--time", "8:00:00", "--mem", "4G")
        #expect(submitted.status == 0 && submitted.output == "17\n")
        #expect(submitted.errors.hasPrefix("run 1: 4 jobs in 2 shards, Slurm's job 17, at most 2 tasks at once; "))
        let calls = try String(contentsOf: queue.folder.appending(path: "sbatch.calls"), encoding: .utf8)
        #expect(calls == "--parsable --array=0-1%2 \(queue.path("night/nightshift.sbatch"))\n")
        let script = try String(contentsOf: queue.folder.appending(path: "night/nightshift.sbatch"), encoding: .utf8)
        #expect(script.contains("#SBATCH --time=8:00:00\n#SBATCH --mem=4G\n"))
        // Again: Slurm has it already.
        let again = try submit(queue)
        #expect(again.status == 0 && again.output == "17\n")
        #expect(again.errors.hasPrefix("its tasks are in Slurm's queue already; nothing was submitted again\n"))

        #expect(try work(queue, 0) == 0)
        try queue.write("17|1|RUNNING|None|n2\n", to: "tasks")
        let early = try queue.run("slurm", "sync")
        #expect(early.status == 75)
        #expect(
            early.errors == """
                run 1: 2 of 4 jobs done, 2 missing; 2 shards in \(queue.path("night")); 2 new
                shard 1: 2 of 2 missing, running on n2

                """)
        let status = try queue.run("slurm", "status")
        #expect(
            status.output == """
                run 1: 2 of 4 jobs done, 2 missing; 2 shards in \(queue.path("night"))
                shard  done  missing  runs  state
                    0     2        0     1  done
                    1     0        2     0  running on n2

                """)
        #expect(try work(queue, 1) == 0)
        try queue.write("", to: "tasks")
        let late = try queue.json("slurm", "sync", "--json")
        #expect(late["missing"] == 0 && late["taken"] == 2 && late["completed"] == 4)
        #expect(try queue.run("slurm", "sync").errors.hasSuffix("; 0 new\n"))
        #expect(try queue.states() == "4 completed")
        #expect(try queue.sql("SELECT shard, run, outcome FROM shard_history") == "0|1|done\n1|1|done")
        #expect(try queue.sql("SELECT finished_at IS NOT NULL FROM slurm_runs") == "1")
        try queue.expectSound()
    }

    @Test("shards that no task is at are named with the reason, and submitted anew")
    func resubmit() throws {
        let queue = try makeQueue()
        _ = try submit(queue)
        try queue.write(
            "2026-11-26T13:44:40.000Z\t17_1\t20\tn2\tbegan\t\n2026-11-26T13:45:40.000Z\t17_1\t20\tn2\tgave up\t137\n",
            to: "night/tasks/shard-1.tsv")
        try queue.write("17|0|PENDING|BeginTime|\n", to: "tasks")
        let sync = try queue.run("slurm", "sync")
        #expect(sync.status == 75)
        #expect(
            sync.errors.hasSuffix(
                """
                shard 0: 2 of 2 missing, waiting (BeginTime)
                shard 1: 2 of 2 missing, given up on n2 after 20 restarts with exit code 137
                  shards that no task is at: nightshift slurm resubmit 1

                """))
        let outcome = try queue.run("slurm", "resubmit")
        #expect(outcome.errors == "run 1: 1 shard submitted anew: 1\n")
        let calls = try String(contentsOf: queue.folder.appending(path: "sbatch.calls"), encoding: .utf8)
        #expect(calls.hasSuffix("--array=1%2 \(queue.path("night/nightshift.sbatch"))\n"))
        #expect(try queue.sql("SELECT tasks FROM slurm_submissions ORDER BY slurm_job") == "0-1\n1")
        #expect(try queue.sql("SELECT event, status FROM slurm_events ORDER BY line") == "began|\ngave up|137")
    }

    @Test("a cancelled run's undone jobs are this queue's own again")
    func cancel() throws {
        let queue = try makeQueue()
        _ = try submit(queue)
        #expect(try work(queue, 0) == 0)
        let outcome = try queue.run("slurm", "cancel", "--take-back")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try queue.states() == "2 available, 2 completed")
        #expect(FileManager.default.fileExists(atPath: queue.path("night/cancelled")))
        let name = try queue.sql("SELECT 'nightshift-' || split FROM slurm_runs")
        let calls = try String(contentsOf: queue.folder.appending(path: "scancel.calls"), encoding: .utf8)
        #expect(calls == "--name \(name)\n")
        #expect(try queue.work("--drain", "--quiet").status == 0)
        #expect(try queue.states() == "4 completed")
        try queue.expectSound()
    }

    @Test("without Slurm, or with a value that can't be, nothing is given away")
    func refused() throws {
        let queue = try makeQueue()
        #expect(try submit(queue, "--sbatch", "comment=\"x\"").status == 64)
        #expect(try submit(queue, "--bring-back", "0s").status == 64)
        #expect(try queue.run("slurm", "status").status == 66)
        queue.commandLine.environment["PATH"] = "/nowhere"
        let outcome = try submit(queue)
        #expect(outcome.status == 69)
        #expect(
            outcome.errors
                == "nightshift: 'sbatch' isn't on the PATH: run this where Slurm's commands are, such as its login node\n"
        )
        #expect(try queue.states() == "4 available")
        let dry = try submit(queue, "--dry-run", "--", "--threads", "3")
        #expect(dry.status == 0 && dry.output.contains("arguments=('--threads' '3')"))
        #expect(!FileManager.default.fileExists(atPath: queue.path("night")))
    }

    @Test("a shard is worked on from a folder that all see; a queue that is no shard isn't")
    func scratch() throws {
        let queue = try makeQueue()
        #expect(try queue.run("work", "--scratch", "disk").status == 64)
        #expect(try queue.work("--db", "night/shard-9.db", "--scratch", "disk", "--drain").status == 66)
        let outcome = try queue.work("--scratch", "disk", "--drain")
        #expect(outcome.status == 65 && outcome.errors.contains("a shard is named shard-0.db"))
    }

    @Test("a worker that has the queue alone releases what a dead one left, and keeps others out")
    func exclusive() throws {
        let queue = try makeQueue(jobs: 2)
        try queue.sql(
            """
            INSERT INTO attempts(job_id, attempt, worker_id) VALUES (1, 1, 'elsewhere:1:x:y');
            UPDATE jobs SET state='running', attempt=1, attempted_at=strftime('%Y-%m-%dT%H:%M:%fZ'),
              attempted_by='elsewhere:1:x:y', lease_expires_at='2099-01-01T00:00:00.000Z' WHERE id=1
            """)
        #expect(try queue.work("--drain", "--exclusive", "--quiet").status == 0)
        #expect(try queue.states() == "2 completed")
        #expect(try queue.outcomes() == "2 completed, 1 lost")
        try queue.insertLongTexts(1)
        let alone = try queue.startWorker("--exclusive")
        try queue.waitUntil("SELECT count(*) FROM jobs WHERE state='running'", is: "1")
        let other = try queue.work("--drain")
        #expect(other.status == 75 && other.errors.contains("a worker has it for itself (--exclusive)"))
        alone.send(SIGTERM)
        alone.send(SIGTERM)
        _ = alone.wait()
    }
}
