import Foundation
import JSONText
import TestSupport
import Testing

@Suite("Quotations of real documents")
struct QuotationTests {
    /// All of them with `NIGHTSHIFT_ALL_DOCUMENTS` in the environment, else a few.
    private static let documents: [URL] = {
        guard let folder = SharedFiles.folder?.appending(path: "documents"),
            let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        else { return [] }
        let texts = files.filter { $0.pathExtension == "txt" }.sorted { $0.lastPathComponent < $1.lastPathComponent }
        if ProcessInfo.processInfo.environment["NIGHTSHIFT_ALL_DOCUMENTS"] != nil { return texts }
        return stride(from: 0, to: texts.count, by: 25).map { texts[$0] }
    }()

    private static let variants = [
        #""constraint": "span""#,
        #""constraint": {"span": {"min_words": 4, "max_words": 30}}, "do_sample": true, "temperature": 1.5"#,
        #""constraint": "span", "num_beams": 3"#,
        #""constraint": "sentences""#,
        #""constraint": "sentences", "do_sample": true, "temperature": 1.5"#,
        #""constraint": {"sentences": {"max": 3, "min_words": 4}}, "num_beams": 3"#,
    ]

    @Test(
        "what spans and sentences bring stands in the document, byte for byte, where the row says",
        .enabled(if: !documents.isEmpty, "needs the documents in shared/"))
    func verbatim() throws {
        let queue = try TestQueue.withModel()
        // As much as the model's context has room for; at the border of a character, so that nothing has to be repaired.
        for (index, file) in Self.documents.enumerated() {
            let text = try String(contentsOf: file, encoding: .utf8)
            try queue.write(String(text.unicodeScalars.prefix(4000)), to: "\(index).txt")
        }
        try queue.sql(
            """
            WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < \(Self.documents.count - 1))
            INSERT INTO documents (text) SELECT CAST(readfile('\(queue.folder.path)/' || i || '.txt') AS TEXT) FROM n;
            """)
        let options = Self.variants.map { "('{\($0), \"max_new_tokens\": 90}')" }.joined(separator: ", ")
        try queue.sql(
            """
            INSERT INTO jobs (kind, document_id, options)
            SELECT 'summarize', d.id, v.column1 FROM documents d, (VALUES \(options)) v
            """)
        try queue.work("--drain")

        let total = Self.documents.count * Self.variants.count
        // Every sentence of a list or a table may be too long for the budget; nothing else fails.
        let failed = try queue.sql(
            """
            SELECT count(*) FROM jobs WHERE state <> 'completed' AND error NOT LIKE 'sentences: %'
              AND error NOT LIKE 'nothing whole was quoted after 90 of 90 tokens; %'
            """)
        #expect(failed == "0")
        let completed = try #require(try queue.count("state = 'completed'"))
        #expect(completed > total * 9 / 10)
        let json = try queue.sql(
            """
            SELECT json_group_array(json_object('document', j.document_id, 'text', r.text, 'options', j.options,
              'quoted', (SELECT json_group_array(x) FROM (SELECT substr(d.text, q.begin + 1, q.end - q.begin) AS x
                 FROM quotations q JOIN documents d ON d.id = q.document_id WHERE q.job_id = j.id ORDER BY q.position))))
            FROM results r JOIN jobs j ON j.id = r.job_id
            """)
        let rows = try JSONParser.parse(json).array
        #expect(rows.count == completed)
        var found = 0
        for row in rows {
            guard case .integer(let document)? = row["document"], case .string(let text)? = row["text"] else {
                continue
            }
            let whole = try Data(contentsOf: queue.folder.appending(path: "\(document - 1).txt"))
            let quotations = row["quoted"]?.array.compactMap { $0.plainText } ?? []
            #expect(!quotations.isEmpty && text == quotations.joined(separator: "\n"), "\(row)")
            for quotation in quotations {
                #expect(whole.range(of: Data(quotation.utf8)) != nil, "\(row)")
                found += 1
            }
        }
        #expect(found >= completed)
        print("\(Self.documents.count) documents, \(total) jobs, \(completed) results, \(found) quotations, all found")
        try queue.expectSound()
    }

    @Test("a job that quotes is shown with its quotations, and one without an answer says so")
    func shown() throws {
        let queue = try TestQueue.withModel()
        try queue.write("Bees make honey.\n\nBears like it very much indeed.\n", to: "bees.txt")
        try queue.run("add", "summarize-quote", "bees.txt", "-o", "constraint=sentences")
        try queue.run("add", "answer-quote", "bees.txt", "--question", "Who?", "-o", "no_answer_threshold=99")
        #expect(try queue.work("--drain").status == 0)
        let shown = try queue.run("show", "1").output
        #expect(shown.contains("quoted, by characters of the text"))
        let first = try queue.json("result", "1", "--json")
        #expect(first["no_answer"] == false)
        let quotation = try #require(first["quotations"]?.array.first)
        #expect(["Bees make honey.", "Bears like it very much indeed."].contains(quotation["text"]?.plainText ?? ""))
        let second = try queue.json("result", "2", "--json")
        #expect(second["no_answer"] == true && second["text"] == "not in the text" && second["quotations"] == [])
        #expect(try queue.run("show", "2").output.contains("result, the document doesn't tell, answer margin"))
        #expect(try queue.run("result", "2").output == "not in the text\n")
    }

    @Test("the engine says where its quotations stand, in characters")
    func engine() throws {
        let queue = try TestQueue.withModel()
        let document = "Ähm – die Bienen. Honig ist süß."
        let request =
            #"{"id": 1, "prompt": "x", "constraint": "sentences", "document": "\#(document)", "max_new_tokens": 60}"#
        let outcome = try queue.run("engine", "generate", "--threads", "1", input: request + "\n")
        let answer = try JSONParser.parse(Array(outcome.output.utf8))
        let scalars = Array(document.unicodeScalars)
        let texts = try #require(answer["quotations"]?.array).map { quotation -> String in
            guard case .integer(let begin)? = quotation["begin"], case .integer(let end)? = quotation["end"] else {
                return ""
            }
            return String(String.UnicodeScalarView(scalars[begin..<end]))
        }
        #expect(!texts.isEmpty && answer["text"] == .string(texts.joined(separator: "\n")))
    }
}

extension JSONValue {
    fileprivate var plainText: String? { if case .string(let text) = self { text } else { nil } }
}
