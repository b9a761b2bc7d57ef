import Foundation
import ModelFiles
import Testing

@Suite("torch's zip files")
struct ZipArchiveTests {
    private let view = Pickle.tensor(
        Pickle.storage("FloatStorage", key: "0", count: 12), offset: 1, shape: [2, 3], strides: [4, 1])

    private var good: ZipBuilder { Pickle.file(Pickle.dictionary([("x", view)])) }

    private func write(_ zip: ZipBuilder, in folder: TemporaryFolder) throws -> URL {
        try folder.write(zip.build(), to: "pytorch_model.bin")
    }

    @Test("Entries are found in any order, under any folder, with 64-bit numbers and with a comment")
    func forms() throws {
        let folder = try TemporaryFolder()
        var reversed = good
        reversed.entries.reverse()
        var renamed = good
        renamed.entries = renamed.entries.map {
            ($0.name.replacing("archive", with: "pytorch_model-00001-of-2"), $0.bytes)
        }
        var zip64 = good
        zip64.usesZip64 = true
        var commented = good
        // The signature of an end record within the comment doesn't lead astray.
        commented.comment = Array("PK".utf8) + [5, 6] + Array(repeating: 0, count: 40)
        for zip in [good, reversed, renamed, zip64, commented] {
            let checkpoint = try Checkpoint.open(file: write(zip, in: folder))
            let tensor = try checkpoint.tensor(named: "x")
            #expect(try tensor.floats() == [1, 2, 3, 5, 6, 7])
            #expect(try tensor.bytes(ofElements: 1..<5) == bytes(of: [2, 3, 5, 6]))
            #expect(!tensor.isContiguous)
        }
    }

    @Test("Entries beyond 4 GiB are found, as in the files of large models")
    func largeFile() throws {
        let folder = try TemporaryFolder()
        var zip = good
        zip.base = 5 << 30
        let file = try folder.write(Array("PK".utf8) + [3, 4], to: "pytorch_model.bin")
        let handle = try FileHandle(forWritingTo: file)
        try handle.seek(toOffset: UInt64(zip.base))
        try handle.write(contentsOf: Data(zip.build()))
        try handle.close()
        #expect(try Checkpoint.open(file: file).tensor(named: "x").floats() == [1, 2, 3, 5, 6, 7])
    }

    @Test("Compressed entries are refused with advice")
    func compressed() throws {
        let folder = try TemporaryFolder()
        var zip = good
        zip.method = 8
        #expect(refusal(of: try write(zip, in: folder))?.description.contains("compressed") == true)
    }

    @Test("Entries beyond the file, repeated entries and absent pickles are refused", arguments: [false, true])
    func directories(usesZip64: Bool) throws {
        let folder = try TemporaryFolder()
        var beyond = good
        beyond.excessByteCount = 1 << 20
        var repeated = good
        repeated.entries.append(repeated.entries[0])
        var empty = good
        empty.entries = []
        var several = good
        several.entries.append(("other/data.pkl", [0x80, 2, 0x4E, 0x2E]))
        for var zip in [beyond, repeated, empty, several] {
            zip.usesZip64 = usesZip64
            refusal(of: try write(zip, in: folder))
        }
    }

    @Test("A file cut off anywhere is refused", arguments: [false, true])
    func truncation(usesZip64: Bool) throws {
        let folder = try TemporaryFolder()
        var zip = good
        zip.usesZip64 = usesZip64
        let whole = zip.build()
        for count in 0..<whole.count {
            refusal(of: try folder.write(Array(whole.prefix(count)), to: "pytorch_model.bin"))
        }
    }

    @Test("Numbers from big-endian machines and torch's form before zip are refused with advice")
    func otherForms() throws {
        let folder = try TemporaryFolder()
        var big = good
        big.entries[1].bytes = Array("big".utf8)
        #expect(refusal(of: try write(big, in: folder))?.description.contains("'big'") == true)
        let legacy = try folder.write([0x80, 2, 0x8A, 10], to: "pytorch_model.bin")
        #expect(refusal(of: legacy)?.description.contains("torch.save") == true)
        refusal(of: try folder.write([], to: "pytorch_model.bin"))
    }

    @Test("A storage smaller than the pickle says is refused")
    func smallStorage() throws {
        let folder = try TemporaryFolder()
        for count in [13, 1 << 40, Int.max] {
            let tensor = Pickle.tensor(Pickle.storage("FloatStorage", key: "0", count: count), shape: [2], strides: [1])
            let zip = Pickle.file(Pickle.dictionary([("x", tensor)]))
            #expect(refusal(of: try write(zip, in: folder))?.description.contains("data/0") == true)
        }
    }
}
