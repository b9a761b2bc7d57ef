import Documents
import Foundation
import JSONText
import Testing

@Suite("Rows of tables as documents")
struct RowDocumentsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(
        _ bytes: some Sequence<UInt8>, as name: String, column: String?, id: String? = nil, title: String? = nil
    ) throws -> [String] {
        var options = ReadingOptions()
        (options.textColumn, options.idColumn, options.titleColumn) = (column, id, title)
        let path = try folder.write(bytes, to: name)
        return DocumentReader(options: options).documents(of: .file(path: path)).map { document in
            switch document {
            case .success(let document): "\(folder.relative(document.source)) \(document.title): \(document.text)"
            case .failure(let error): folder.relative(error.description)
            }
        }
    }

    @Test("each row of a CSV file is a document, with its name and title; empty ones are named")
    func csv() throws {
        let text = "id,name,body\n7,Dog,\"He ran,\nand \"\"sat\"\".\"\n8,,\n9,,Cat\n\"10\n"
        #expect(
            try read(text.utf8, as: "a.csv", column: "body", id: "id", title: "name") == [
                "a.csv#7 Dog: He ran,\nand \"sat\".", "a.csv, line 4: the column 'body' is empty", "a.csv#9 Cat: Cat",
                "a.csv, line 6: the quotation mark that begins a cell on this line is never closed",
            ])
        #expect(try read(text.utf8, as: "a.csv", column: "body").first == "a.csv#1 He ran,: He ran,\nand \"sat\".")
    }

    @Test("the separator and the encoding are told by the file")
    func forms() throws {
        #expect(try read("a;b\n1;x, y\n".utf8, as: "a.csv", column: "b") == ["a.csv#1 x, y: x, y"])
        #expect(try read("a\tb\n1\tx\n".utf8, as: "a.tsv", column: "b") == ["a.tsv#1 x: x"])
        #expect(try read(Array("a,b\n1,Caf".utf8) + [0xE9], as: "a.csv", column: "b") == ["a.csv#1 Café: Café"])
        let wide = "a,b\n1,Café\n".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(try read([0xFF, 0xFE] + wide, as: "a.csv", column: "b") == ["a.csv#1 Café: Café"])
    }

    @Test("each line of a JSONL file is a document, also from an object within it")
    func jsonLines() throws {
        let text =
            "{\"id\":1,\"body\":{\"text\":\"One\"}}\n\n{\"id\":2}\n[1]\n{\"body\":{\"text\":[1]}}\n{\"body\":{\"text\":5}}\n"
        #expect(
            try read(text.utf8, as: "a.jsonl", column: "body.text", id: "id") == [
                "a.jsonl#1 One: One", "a.jsonl, line 3: there is no 'body.text'; there are: id",
                "a.jsonl, line 4: expected a JSON object on the line",
                "a.jsonl, line 5: 'body.text' is a list of 1, not a text", "a.jsonl#5 5: 5",
            ])
    }

    @Test("a column that isn't there is named with those that are")
    func missingColumn() throws {
        #expect(
            try read("a,b\n1,2\n".utf8, as: "a.csv", column: "body")
                == ["a.csv, line 1: there is no column 'body'; there are: a, b"])
        #expect(
            try read("a,b\n1,2\n".utf8, as: "a.csv", column: "b", id: "b")
                == ["a.csv: the column 'b' can't be two things at once"])
        #expect(try read("".utf8, as: "a.csv", column: "b") == ["a.csv: there is no text in it"])
    }

    @Test("without a column a table is one text")
    func whole() throws {
        #expect(try read("a,b\n1,2\n".utf8, as: "a.csv", column: nil) == ["a.csv a,b: a,b\n1,2\n"])
    }
}
