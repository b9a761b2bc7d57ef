import Foundation
import GPTJ
import ModelFiles
import TestSupport
import Testing

@Suite("What a configuration demands of a checkpoint")
struct CheckpointLayoutTests {
    private static let needsShared: Comment = "needs the reference values in shared/"

    private struct Expected: Decodable {
        let parameters: Int
        let shapes: [String: [Int]]
    }

    @Test("GPT-J-6B's layout is the published one", .enabled(if: SharedFiles.areAvailable, needsShared))
    func sixBillion() throws {
        let folder = SharedFiles.golden("config/gpt-j-6b")
        let expected = try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: folder.appending(path: "expected.json")))
        let layout = CheckpointLayout(try GPTJConfiguration(folder: folder))
        #expect(layout.entries.count == expected.shapes.count)
        #expect(Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.name, $0.shape) }) == expected.shapes)
        #expect(layout.parameterCount == expected.parameters)
    }

    private struct Form: Decodable {
        let dir: String
    }

    @Test(
        "Every golden checkpoint fits its layout; buffers are passed over",
        .enabled(if: SharedFiles.areAvailable, needsShared),
        arguments: ["a-rot8", "b-inner", "c-fullrot", "d-tied", "e-odd", "f-long"])
    func goldenCheckpoints(model: String) throws {
        let root = SharedFiles.golden("models/\(model)")
        let forms = try JSONDecoder().decode(
            [Form].self, from: Data(contentsOf: root.appending(path: "checkpoints.json")))
        for form in forms {
            let folder = root.appending(path: form.dir)
            let configuration = try GPTJConfiguration(folder: folder)
            let layout = CheckpointLayout(configuration)
            let checked = try layout.check(Checkpoint.open(folder: folder))
            #expect(checked.unexpected.isEmpty)
            #expect(checked.buffers.count == (form.dir.contains("buffers") ? 2 * configuration.layerCount : 0))
            for entry in layout.entries { #expect(checked[entry.name].shape == entry.shape) }
            let (head, embedding) = (checked[CheckpointLayout.head], checked[CheckpointLayout.embedding])
            #expect((head.name == embedding.name) == configuration.tiesWordEmbeddings)
        }
    }

    @Test(
        "The models with a tokenizer fit their layouts too", .enabled(if: SharedFiles.areAvailable, needsShared),
        arguments: ["golden/e2e/model", "models/reference-small"])
    func wholeModels(path: String) throws {
        let folder = try #require(SharedFiles.folder).appending(path: path)
        let layout = CheckpointLayout(try GPTJConfiguration(folder: folder))
        #expect(try layout.check(Checkpoint.open(folder: folder)).unexpected.isEmpty)
    }

    private struct MalformedCases: Decodable {
        struct Case: Decodable, Sendable {
            let id: String
            let what: String
            let expect: String
        }
        let model: [Case]
    }

    private static var malformedCases: [MalformedCases.Case] {
        get throws {
            guard SharedFiles.areAvailable else { return [] }
            return try JSONDecoder().decode(
                MalformedCases.self, from: Data(contentsOf: SharedFiles.golden("malformed/cases.json"))
            ).model
        }
    }

    @Test(
        "Broken models are refused with an error that names the file, good ones open",
        .enabled(if: SharedFiles.areAvailable, needsShared))
    func malformedModels() throws {
        let cases = try Self.malformedCases
        #expect(cases.count > 30)
        for malformed in cases {
            let folder = SharedFiles.golden("malformed/model/\(malformed.id)")
            let open = {
                try CheckpointLayout(GPTJConfiguration(folder: folder)).check(Checkpoint.open(folder: folder))
            }
            if malformed.expect == "reject" {
                let error = #expect(throws: ModelFileError.self, "\(malformed.id)") { try open() }
                #expect(
                    error?.description.hasPrefix(folder.path + "/") == true,
                    "\(malformed.id): \(error.debugDescription)")
                if ProcessInfo.processInfo.environment["PRINT_ERRORS"] != nil, let error {
                    print("\(malformed.id): \(error.description.dropFirst(folder.path.count + 1))")
                }
            } else {
                #expect(throws: Never.self, "\(malformed.id)") { try open() }
            }
            #expect(!FileManager.default.fileExists(atPath: "PICKLE_WAS_EXECUTED"))
        }
    }
}
