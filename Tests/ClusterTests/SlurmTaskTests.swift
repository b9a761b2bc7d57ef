import Cluster
import Testing

@Suite("What Slurm and the tasks write")
struct SlurmTaskTests {
    @Test("squeue's lines are read; others are passed over")
    func squeue() {
        let tasks = SlurmTask.parse(
            "17|3|RUNNING|None|n1\n 17 | 4 |PENDING|BeginTime|\nslurm_load_jobs error\n17|5-7|PENDING|x|\n")
        #expect(tasks.map(\.shard) == [3, 4])
        #expect(tasks.map(\.text) == ["running on n1", "waiting (BeginTime)"])
    }

    @Test(
        "numbers are written as --array has them",
        arguments: [
            ([0, 1, 2, 5], "0-2,5"), ([3], "3"), ([], ""), ([7, 1, 2, 7], "1-2,7"),
        ])
    func ranges(numbers: [Int], text: String) { #expect(SlurmTask.ranges(numbers) == text) }

    @Test("a task's file is read up to its torn last line")
    func lines() {
        let text =
            "2026-11-26T13:44:40.000Z\t17_3\t0\tn1\tbegan\t\nnonsense\n2026-11-26T13:45:40.000Z\t17_3\t0\tn1\trequeued\t137\n2026"
        #expect(
            TaskLine.parse(text).map { "\($0.number) \($0.event) \($0.status.map(String.init) ?? "-")" }
                == ["1 began -", "3 requeued 137"])
    }
}
