import Foundation
import Kernels
import ModelFiles
import Testing

@Suite("Heads of GGUF files")
struct GGUFHeadTests {
    private let packed = GGUFTensorPlan(name: "blk.0.attn_q.weight", shape: [65, 129], encoding: .panels(.int8))

    private func head(_ extra: [(key: String, value: GGUFField)] = []) -> GGUFHead {
        GGUFHead(
            fields: [
                ("number", .uint32(7)), ("float", .float32(0.5)), ("flag", .bool(true)), ("text", .text("naïve")),
                ("texts", .texts([[0xC4, 0xA0], []])), ("numbers", .int32s([-1, 5])),
            ] + extra,
            tensors: [
                GGUFTensorPlan(name: "output.bias", shape: [3], encoding: .rows(.elements(.float32))),
                GGUFTensorPlan(name: "token_embd.weight", shape: [2, 64], encoding: .rows(.blocks(.fourBits))),
                packed,
            ])
    }

    private func open(_ head: GGUFHead, in folder: TemporaryFolder) throws -> Checkpoint {
        let data = [UInt8](repeating: 0, count: head.fileByteCount - head.bytes.count)
        return try Checkpoint.open(file: folder.write(head.bytes + data, to: "x.gguf"))
    }

    @Test("what is written is read again, each tensor where the head says")
    func roundTrip() throws {
        let (folder, head) = (try TemporaryFolder(), head())
        let checkpoint = try open(head, in: folder)
        let metadata = try #require(checkpoint.gguf)
        #expect(try metadata.integer("number") == 7 && metadata.double("float") == 0.5 && metadata.bool("flag") == true)
        #expect(try metadata.text("text") == "naïve" && metadata.texts("texts", limit: 2) == [[0xC4, 0xA0], []])
        #expect(try metadata.integers("numbers", limit: 2) == [-1, 5])
        let tensors = checkpoint.names.compactMap { checkpoint.tensors[$0] }
        #expect(
            tensors.map(\.name) == ["lm_head.bias", "transformer.wte.weight", "transformer.h.0.attn.q_proj.weight"])
        #expect(tensors.map(\.shape) == [[3], [2, 64], [65, 129]])
        #expect(tensors.map(\.type) == [.float32, .fourBitBlocks, .eightBitPanels])
        #expect(tensors.map(\.region.offset) == head.offsets)
        #expect(head.offsets.allSatisfy { $0.isMultiple(of: 64) })
        #expect(tensors.map(\.byteCount) == [12, 2 * 2 * 18, packed.byteCount])
    }

    @Test("another layout of packed weights, or another version, is refused with the way out")
    func otherLayout() throws {
        let folder = try TemporaryFolder()
        let bytes = head().bytes
        for (key, found) in [
            ("layout.version", "layout.version is 9"), ("layout.group_length", "layout.group_length is 9"),
        ] {
            // The number stands behind the key and its type.
            let name = Array("nightshift.\(key)".utf8)
            let start = try #require(
                (0..<bytes.count - name.count).first { bytes[$0..<$0 + name.count].elementsEqual(name) })
            var changed = bytes
            changed.replaceSubrange(start + name.count + 4..<start + name.count + 8, with: littleEndian(UInt32(9)))
            let error = refusal(of: try folder.write(changed, to: "x.gguf"))
            #expect(
                error?.description.contains("packed for another version of the engine: nightshift.\(found)") == true)
            #expect(error?.description.contains("nightshift model convert") == true)
        }
    }

    @Test("panels of another size than their matrix's are refused")
    func otherSize() throws {
        let folder = try TemporaryFolder()
        var bytes = head().bytes
        let name = Array("nightshift.packed.columns".utf8)
        let start = try #require(
            (0..<bytes.count - name.count).first { bytes[$0..<$0 + name.count].elementsEqual(name) })
        // Behind the key: the list's type, its elements' type and their count.
        for columns in [UInt64(0), 257, 1 << 50, .max] {
            bytes.replaceSubrange(start + name.count + 16..<start + name.count + 24, with: littleEndian(columns))
            let error = refusal(of: try folder.write(bytes + [UInt8](repeating: 0, count: 100_000), to: "x.gguf"))
            #expect(
                error?.description.contains("int8 panels of shape [65, \(columns)]") == true
                    || columns == .max && error?.description.contains("expected a list of whole numbers") == true)
        }
    }
}
