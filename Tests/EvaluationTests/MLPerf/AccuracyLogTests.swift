import Evaluation
import Testing

@Suite("MLPerf's accuracy log")
struct AccuracyLogTests {
    private func read(
        _ text: String, _ type: AccuracyLog.IDType = .int64, samples: Int = 10
    ) throws -> AccuracyLog {
        let file = try TemporaryFile(text)
        do {
            return try AccuracyLog(path: file.path, type: type, sampleCount: samples, vocabularySize: 50_257)
        } catch {
            // The file's name differs from run to run.
            switch error {
            case .entry(_, let index, let problem):
                throw EvaluationError.entry(path: "log", index: index, problem: problem)
            case .file(_, let problem): throw EvaluationError.file(path: "log", problem: problem)
            default: throw error
            }
        }
    }

    @Test("ids are read from the bytes that they have in memory")
    func ids() throws {
        // numpy.array([50256, 1, 258], dtype).tobytes().hex()
        let long = #"[{"seq_id": 0, "qsl_idx": 3, "data": "50c4000000000000010000000000000002010000000000 00"}]"#
            .replacing(" 00\"", with: "00\"")
        #expect(try read(long).entries == [.init(sample: 3, tokens: [50_256, 1, 258])])
        let short = #"[{"seq_id": 0, "qsl_idx": 3, "data": "50C400000100000002010000", "token_count": 3}]"#
        #expect(try read(short, .int32).entries == [.init(sample: 3, tokens: [50_256, 1, 258])])
        #expect(try read(#"[{"qsl_idx": 0, "data": ""}]"#).entries == [.init(sample: 0, tokens: [])])
    }

    @Test("what is written is read again", arguments: AccuracyLog.IDType.allCases)
    func roundTrip(type: AccuracyLog.IDType) throws {
        let log = AccuracyLog([.init(sample: 9, tokens: [0, 50_256, 1000]), .init(sample: 0, tokens: [])])
        #expect(try read(String(decoding: log.json(type), as: UTF8.self), type) == log)
        #expect(try read(String(decoding: AccuracyLog([]).json(), as: UTF8.self)).entries.isEmpty)
    }

    @Test("of an article that stands twice the first counts")
    func doubles() throws {
        let log = try read(#"[{"qsl_idx": 1, "data": "0100000000000000"}, {"qsl_idx": 1, "data": ""}]"#)
        #expect(log.entries == [.init(sample: 1, tokens: [1])] && log.doubleCount == 1)
    }

    @Test(
        "what is wrong is told with its place",
        arguments: [
            (
                #"[{"qsl_idx": 0, "data": "012"}]"#,
                "log: entry 0: qsl_idx 0, data: an odd number of hexadecimal digits, 3"
            ),
            (
                #"[{"qsl_idx": 0, "data": ""}, {"qsl_idx": 1, "data": "0102"}]"#,
                "log: entry 1: qsl_idx 1, data: 2 bytes are no whole number of ids of 8 bytes"
            ),
            (
                #"[{"qsl_idx": 0, "data": "01000000000000zz"}]"#,
                "log: entry 0: qsl_idx 0, data: what stands at place 14 is no hexadecimal digit"
            ),
            (
                #"[{"qsl_idx": 0, "data": "51c4000000000000"}]"#,
                "log: entry 0: qsl_idx 0, data: id 50257 at place 0 isn't one of the tokenizer's, 0 to 50256; are they of 32 "
                    + "bits (--ids int32)?"
            ),
            (
                #"[{"qsl_idx": 0, "data": "ffffffffffffffff"}]"#,
                "log: entry 0: qsl_idx 0, data: id -1 at place 0 isn't one of the tokenizer's, 0 to 50256; are they of 32 bits "
                    + "(--ids int32)?"
            ),
            (#"[{"qsl_idx": 10, "data": ""}]"#, "log: entry 0: qsl_idx is 10; the data set has 0 to 9"),
            (#"[{"qsl_idx": "0", "data": ""}]"#, "log: entry 0: qsl_idx: expected a number, found \"0\""),
            (#"[7]"#, "log: entry 0: qsl_idx: expected a number, found nothing"),
            (#"[{"qsl_idx": 0}]"#, "log: entry 0: data: expected hexadecimal digits, found nothing"),
            (#"{"qsl_idx": 0}"#, "log: expected a list, found an object of 1"),
            ("[", "log: not valid JSON at byte 1: it ends where a value was expected"),
        ])
    func errors(text: String, message: String) {
        let error = #expect(throws: EvaluationError.self) { try read(text) }
        #expect(error?.description == message)
    }
}
