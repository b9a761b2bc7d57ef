import Foundation
import JSONText
import Testing

@Suite("nightshift plan")
struct PlanCommandTests {
    @Test("times for 1, 2, 4 and as many nodes, learnt from what was done here, and the memory of a task")
    func plan() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(6, tokens: "8")
        #expect(try queue.run("plan", "--nodes", "2").status == 66)
        try queue.work("--drain", "--quiet")
        try queue.insertTexts(40, tokens: "8")
        let plan = try queue.json(
            "plan", "--nodes", "6", "--model", queue.commandLine.environment["NIGHTSHIFT_MODEL"] ?? "", "--json")
        #expect(plan["jobs"] == 40 && plan["attempts"] == 6)
        let plans = plan["plans"]?.array ?? []
        #expect(plans.map { $0["nodes"] } == [1, 2, 4, 6])
        #expect(plan["memory"]?.array.map { $0["weights"] } == ["f32", "int8", "int4"])
        let table = try queue.run("plan", "--nodes", "2", "--shards", "8")
        #expect(table.lines.first == "40 jobs: 40 generate")
        #expect(table.lines.count == 4 && table.lines[1].hasPrefix("nodes  shards"))
        #expect(table.errors.contains("Learnt from 6 jobs of "))
    }

    @Test("a queue with nothing to give out needs no time")
    func nothing() throws {
        let queue = try TestQueue.withModel()
        try queue.insertTexts(2, tokens: "2")
        try queue.work("--drain", "--quiet")
        #expect(try queue.run("plan", "--nodes", "2").output == "No job is available.\n")
        #expect(try queue.run("plan", "--nodes", "0").status == 64)
    }
}
