import Foundation
import Testing

@Suite("The same jobs give the same texts")
struct DeterminismTests {
    @Test("alone or side by side, with one thread or two")
    func company() throws {
        let alone = try #require(try texts("-j", "1", "--batch-rows", "1", "--threads", "1", jobs: Self.manyJobs))
        #expect(alone.split(separator: "\n").count == 11)
        #expect(try texts("-j", "32", "--threads", "1", jobs: Self.manyJobs) == alone)
        #expect(try texts("-j", "32", "--threads", "2", jobs: Self.manyJobs) == alone)
        #expect(try texts("-j", "5", "--batch-rows", "3", "--threads", "2", jobs: Self.manyJobs) == alone)
    }

    @Test("with every instruction set of this processor")
    func instructionSets() throws {
        // The scalar set is the definition, not meant to be quick.
        let best = try #require(try texts(jobs: Self.fewJobs))
        #expect(best.split(separator: "\n").count == 3)
        for instructionSet in ["avx512", "avx2", "neon", "scalar"] {
            guard let own = try texts(instructionSet: instructionSet, jobs: Self.fewJobs) else { continue }
            #expect(own == best, "\(instructionSet)")
        }
    }

    private static let fewJobs = """
        INSERT INTO jobs(kind, input, options) VALUES
          ('generate', 'Once upon a time', '{"max_new_tokens": 12}'),
          ('generate', 'Once upon a time', '{"max_new_tokens": 12, "do_sample": true}'),
          ('paraphrase', 'Goats eat almost anything.', '{"max_new_tokens": 12}');
        """

    /// Some read much, some write much, some draw.
    private static let manyJobs = """
        INSERT INTO jobs(kind, input, question)
          SELECT value, CAST(readfile('\(TestQueue.demoDocuments.path)/' || name) AS TEXT),
            CASE value WHEN 'answer' THEN 'What is the capital?' END
          FROM json_each('["summarize", "answer"]'), (SELECT column1 AS name FROM
            (VALUES ('finn-the-giant.txt'), ('saint-lucia.txt'), ('serbia.txt')));
        INSERT INTO jobs(kind, input, options) VALUES
          ('generate', 'Once upon a time', '{"max_new_tokens": 40, "do_sample": true}'),
          ('generate', 'Once upon a time', '{"max_new_tokens": 40, "do_sample": true, "seed": 7, "top_p": 0.9}'),
          ('generate', 'Once upon a time', '{"max_new_tokens": 40, "repetition_penalty": 1.3}'),
          ('generate', 'Once upon a time', '{"max_new_tokens": 70}'),
          ('paraphrase', 'Goats eat almost anything, but they dislike wet grass.', '{}');
        """

    /// What a worker with these arguments makes of the jobs, one text in hexadecimal a line; `nil` where the processor lacks
    /// the instruction set.
    private func texts(_ arguments: String..., instructionSet: String? = nil, jobs: String) throws -> String? {
        let queue = try TestQueue.withModel()
        queue.commandLine.environment["NIGHTSHIFT_ISA"] = instructionSet
        try queue.sql(jobs)
        let outcome = try queue.commandLine.run(["work", "--drain"] + arguments)
        if outcome.status == 69, instructionSet != nil { return nil }
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try queue.sql("SELECT hex(text) FROM results ORDER BY job_id")
    }
}
