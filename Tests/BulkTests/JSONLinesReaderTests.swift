import JSONText
import Records
import Testing

@Suite("JSON lines are read one by one")
struct JSONLinesReaderTests {
    private func read(_ bytes: [UInt8], longestLine: Int = 1000) throws -> [String] {
        var reader = JSONLinesReader(ByteInput(bytes), longestLine: longestLine)
        var records: [String] = []
        while let record = try reader.next() {
            switch record {
            case .success(let record): records.append("\(record.line) \(JSONValue.object(record.fields).text)")
            case .failure(let problem): records.append("\(problem.line) \(problem.code)")
            }
        }
        return records
    }

    @Test("blank lines count, and are passed over; a last line needs no end")
    func lines() throws {
        #expect(try read(Array("\n {\"a\":1}\r\n\r\n \n{\"b\":2}".utf8)) == [#"2 {"a":1}"#, #"5 {"b":2}"#])
    }

    @Test("a wrong line is told with its number, and the next one is read")
    func wrong() throws {
        #expect(
            try read(Array("{\"a\":\n[1]\n{\"a\":1,\"a\":2}\n{}\n".utf8)) == [
                "1 invalid_json", "2 invalid_json", "3 invalid_json", "4 {}",
            ])
    }

    @Test("a line that is too long is passed over without being kept")
    func tooLong() throws {
        let long = [UInt8](repeating: 0x20, count: 2_500_000)
        #expect(try read(long + Array("\n{}\n".utf8)) == ["1 too_long", "2 {}"])
    }

    @Test("a file in another encoding is told so")
    func encoding() throws {
        var reader = JSONLinesReader(ByteInput([0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00]))
        guard case .failure(let problem)? = try reader.next() else {
            Issue.record("it was read")
            return
        }
        #expect(problem.message.contains("looks like UTF-16"))
    }
}
