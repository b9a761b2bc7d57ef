import Bulk
import JSONText
import Records
import Testing

@Suite("CSV is read as RFC 4180 writes it")
struct CSVReaderTests {
    private func read(
        _ text: String, separator: Character = ",", _ columns: CSVReader.Columns = CSVReader.Columns()
    ) throws -> [Result<BulkRecord, BulkProblem>] {
        try read(Array(text.utf8), separator: separator, columns)
    }

    private func read(
        _ bytes: [UInt8], separator: Character = ",", _ columns: CSVReader.Columns = CSVReader.Columns(),
        longestRow: Int = longestRecord
    ) throws -> [Result<BulkRecord, BulkProblem>] {
        var reader = try CSVReader(
            ByteInput(bytes), separator: separator.asciiValue ?? 0, columns: columns, longestRow: longestRow,
            isKnown: JobLineParser.isKnown)
        var records: [Result<BulkRecord, BulkProblem>] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    private func texts(_ records: [Result<BulkRecord, BulkProblem>]) throws -> [String] {
        try records.map { try "\($0.get().line) \(JSONValue.object($0.get().fields).text)" }
    }

    @Test("cells in quotes hold separators, line ends and quotation marks")
    func quotes() throws {
        let records = try read("kind,input\r\nsummarize,\"one, two\r\n\"\"three\"\"\"\r\nanswer,\"\"\r\n")
        #expect(
            try texts(records) == [
                #"2 {"kind":"summarize","input":"one, two\r\n\"three\""}"#, #"4 {"kind":"answer"}"#,
            ])
    }

    @Test("a byte order mark, empty lines and a missing last line end are no matter")
    func edges() throws {
        let records = try read([0xEF, 0xBB, 0xBF] + Array("\n\ninput\n\nx\n\ny".utf8))
        #expect(try texts(records) == [#"5 {"input":"x"}"#, #"7 {"input":"y"}"#])
    }

    @Test("a mark that comes byte by byte is a mark")
    func slowMark() throws {
        var pieces: [[UInt8]] = [[0xEF], [0xBB], [0xBF], Array("in".utf8), Array("put\nx".utf8)]
        var reader = try CSVReader(
            ByteInput { pieces.isEmpty ? [] : pieces.removeFirst() }, isKnown: JobLineParser.isKnown)
        #expect(try reader.next() == .success(BulkRecord(line: 2, fields: ["input": "x"])))
    }

    @Test("columns are taken under other names, and the unknown are refused or passed over")
    func columns() throws {
        let text = "body;note;input\nx;y;z\n"
        let names = CSVReader.Columns(names: ["body": "input"], ignoresUnknown: true)
        #expect(try texts(read(text, separator: ";", names)) == [#"2 {"input":"x"}"#])
        #expect(throws: BulkProblem.self) {
            try read(text, separator: ";", CSVReader.Columns(names: ["body": "input"]))
        }
        #expect(throws: BulkProblem.self) {
            try read(text, separator: ";", CSVReader.Columns(names: ["nobody": "input"]))
        }
        #expect(throws: BulkProblem.self) { try read("input,input\nx,y\n") }
        #expect(throws: BulkProblem.self) { try read("") }
    }

    @Test("a wrong row is told with its line, and the next one is read")
    func wrongRows() throws {
        let records = try read("kind,input\na\nb,\"c\"d\ne,f\"g\nh,\"i\n\nj\"\nk,l\n")
        let described = records.map { record in
            switch record {
            case .success(let record): "\(record.line) ok"
            case .failure(let problem): "\(problem.line) \(problem.code)"
            }
        }
        #expect(described == ["2 invalid_csv", "3 invalid_csv", "4 invalid_csv", "5 ok", "8 ok"])
    }

    @Test("a quotation mark that is never closed is told with the line it stands on")
    func unclosed() throws {
        let records = try read("input\nx\n\"y\nz\n")
        #expect(records.count == 2)
        guard case .failure(let problem) = records[1] else {
            Issue.record("it was read as a row")
            return
        }
        #expect(problem.line == 3 && problem.message.contains("never closed"))
    }

    @Test("what isn't UTF-8 is told with line and byte")
    func encoding() throws {
        let records = try read(Array("input\nx\ncaf".utf8) + [0xE9] + Array("\ny\n".utf8))
        guard records.count == 3, case .failure(let problem) = records[1] else {
            Issue.record("\(records)")
            return
        }
        #expect(problem.line == 3)
        #expect(problem.message.hasPrefix("near byte 11 of the file: not UTF-8"))
    }

    @Test("a row that is too long is refused before it fills the memory")
    func tooLong() throws {
        let records = try read(Array("input\n\(String(repeating: "x", count: 99))\ny\n".utf8), longestRow: 50)
        guard records.count == 2, case .failure(let problem) = records[0] else {
            Issue.record("\(records)")
            return
        }
        #expect(problem.line == 2 && problem.code == "too_long")
        #expect(try records[1].get().line == 3)
    }

    @Test("no bytes whatever make it crash or go on for ever", arguments: 0..<20)
    func garbage(seed: UInt64) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        let alphabet = Array("input,\"\n\r;x\u{e9}".utf8) + [0, 0xFF]
        let bytes = (0..<2000).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return alphabet[Int(state >> 33) % alphabet.count]
        }
        let records = try read(Array("input,kind\n".utf8) + bytes)
        #expect(records.count <= 2000)
    }
}
