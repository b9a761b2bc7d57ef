import Foundation
import Testing

@Suite("The same jobs give the same texts")
struct DeterminismTests {
    @Test("alone or side by side, with one thread or two, with every instruction set of this processor")
    func sameTexts() throws {
        let alone = try #require(try texts("-j", "1", "--batch-rows", "1", "--threads", "1"))
        #expect(alone.split(separator: "\n").count == 10)
        #expect(try texts("-j", "32", "--threads", "1") == alone)
        #expect(try texts("-j", "32", "--threads", "2") == alone)
        #expect(try texts("-j", "5", "--batch-rows", "3", "--threads", "2") == alone)
        for instructionSet in ["avx512", "avx2", "scalar"] {
            guard let own = try texts("-j", "32", "--threads", "2", instructionSet: instructionSet) else { continue }
            #expect(own == alone, "\(instructionSet)")
        }
    }

    /// What a worker with these arguments makes of ten jobs, one in hexadecimal a line; `nil` where the processor lacks the
    /// instruction set.
    private func texts(_ arguments: String..., instructionSet: String? = nil) throws -> String? {
        let queue = try TestQueue.withModel()
        queue.commandLine.environment["NIGHTSHIFT_ISA"] = instructionSet
        let documents = TestQueue.demoDocuments.path
        try queue.run("add", "summarize", documents + "/*.txt")
        try queue.run("add", "paraphrase", documents + "/saint-lucia.txt")
        try queue.run("add", "answer", "--question", "What is the capital?", documents + "/*.txt")
        try queue.sql(
            """
            INSERT INTO jobs(kind, input, options) VALUES
              ('generate', 'Once upon a time', '{"max_new_tokens": 40, "do_sample": true}'),
              ('generate', 'Once upon a time', '{"max_new_tokens": 40, "do_sample": true, "seed": 7, "top_p": 0.9}'),
              ('generate', 'Once upon a time', '{"max_new_tokens": 40, "repetition_penalty": 1.3}');
            """)
        let outcome = try queue.commandLine.run(["work", "--drain"] + arguments)
        if outcome.status == 69, instructionSet != nil { return nil }
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try queue.sql("SELECT hex(text) FROM results ORDER BY job_id")
    }
}
