import Foundation
import Kernels
import ModelFiles
import Testing

/// A folder that lives as long as a test.
final class TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.appending(path: "modelfiles-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> URL {
        let file = url.appending(path: name)
        try Data(bytes).write(to: file)
        return file
    }
}

func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}

func bytes(of floats: [Float]) -> [UInt8] { floats.flatMap { littleEndian($0.bitPattern) } }

/// A safetensors file with this header and data, whatever they say.
func safetensors(header: String, data: [UInt8] = []) -> [UInt8] {
    littleEndian(UInt64(header.utf8.count)) + header.utf8 + data
}

/// Writes zip files by hand, so that tests reach what no tool writes.
struct ZipBuilder {
    var entries: [(name: String, bytes: [UInt8])] = []
    /// 8 is deflate; the bytes are stored as they are nevertheless.
    var method: UInt16 = 0
    /// Sizes, offsets and the end record in their 64-bit forms.
    var usesZip64 = false
    var comment: [UInt8] = []
    /// Where the first byte built lies in the file: beyond 4 GiB, offsets alone take their 64-bit form.
    var base = 0
    /// Lies about the size of each entry by this much.
    var excessByteCount = 0

    func build() -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for (name, bytes) in entries {
            let offset = file.count
            file += littleEndian(UInt32(0x0403_4b50)) + littleEndian(UInt16(45)) + littleEndian(UInt16(0))
            file += littleEndian(method) + [UInt8](repeating: 0, count: 8)
            file += littleEndian(UInt32(bytes.count)) + littleEndian(UInt32(bytes.count))
            // A padding of the local header alone, as torch aligns its storages by.
            file +=
                littleEndian(UInt16(name.utf8.count)) + littleEndian(UInt16(5)) + name.utf8 + [0x46, 0x42, 1, 0, 0x5A]
            file += bytes
            directory += entry(name: name, byteCount: bytes.count + excessByteCount, offset: base + offset)
        }
        return file + directory + end(directoryOffset: base + file.count, directoryLength: directory.count)
    }

    private func entry(name: String, byteCount: Int, offset: Int) -> [UInt8] {
        var bytes = littleEndian(UInt32(0x0201_4b50)) + littleEndian(UInt16(45)) + littleEndian(UInt16(45))
        bytes += littleEndian(UInt16(0)) + littleEndian(method) + [UInt8](repeating: 0, count: 8)
        let sizes = usesZip64 ? UInt32.max : UInt32(byteCount)
        let has64BitOffset = usesZip64 || base > 0
        bytes += littleEndian(sizes) + littleEndian(sizes) + littleEndian(UInt16(name.utf8.count))
        var extra: [UInt8] = []
        if has64BitOffset {
            // Another extra field before the one that counts.
            extra = littleEndian(UInt16(0x5455)) + littleEndian(UInt16(2)) + [1, 2] + littleEndian(UInt16(1))
            let sizes = usesZip64 ? littleEndian(UInt64(byteCount)) + littleEndian(UInt64(byteCount)) : []
            extra += littleEndian(UInt16(sizes.count + 8)) + sizes + littleEndian(UInt64(offset))
        }
        bytes += littleEndian(UInt16(extra.count)) + [UInt8](repeating: 0, count: 10)
        return bytes + littleEndian(has64BitOffset ? UInt32.max : UInt32(offset)) + name.utf8 + extra
    }

    private func end(directoryOffset: Int, directoryLength: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        let usesZip64 = usesZip64 || base > 0
        if usesZip64 {
            bytes += littleEndian(UInt32(0x0606_4b50)) + littleEndian(UInt64(44)) + littleEndian(UInt32(45 << 16 | 45))
            bytes += littleEndian(UInt64(0)) + littleEndian(UInt64(entries.count)) + littleEndian(UInt64(entries.count))
            bytes += littleEndian(UInt64(directoryLength)) + littleEndian(UInt64(directoryOffset))
            bytes += littleEndian(UInt32(0x0706_4b50)) + littleEndian(UInt32(0))
            bytes += littleEndian(UInt64(directoryOffset + directoryLength)) + littleEndian(UInt32(1))
        }
        bytes += littleEndian(UInt32(0x0605_4b50)) + littleEndian(UInt32(0))
        let count = usesZip64 ? UInt16.max : UInt16(entries.count)
        bytes += littleEndian(count) + littleEndian(count)
        bytes += littleEndian(usesZip64 ? UInt32.max : UInt32(directoryLength))
        bytes += littleEndian(usesZip64 ? UInt32.max : UInt32(directoryOffset))
        return bytes + littleEndian(UInt16(comment.count)) + comment
    }
}

/// Writes pickles of protocol 2 by hand.
enum Pickle {
    static func text(_ text: String) -> [UInt8] { [0x58] + littleEndian(UInt32(text.utf8.count)) + text.utf8 }
    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
    static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + littleEndian(value) }
    static func tuple(_ items: [[UInt8]]) -> [UInt8] { [0x28] + items.joined() + [0x74] }
    static func integers(_ values: [Int]) -> [UInt8] { tuple(values.map(integer)) }
    static func call(_ callee: [UInt8], _ arguments: [[UInt8]]) -> [UInt8] { callee + tuple(arguments) + [0x52] }
    static func dictionary(_ items: [(String, [UInt8])]) -> [UInt8] {
        [0x7D, 0x28] + items.flatMap { text($0) + $1 } + [0x75]
    }
    static func document(_ root: [UInt8]) -> [UInt8] { [0x80, 2] + root + [0x2E] }

    static func storage(_ className: String, module: String = "torch", key: String, count: Int) -> [UInt8] {
        tuple([text("storage"), global(module, className), text(key), text("cpu"), integer(count)]) + [0x51]
    }

    static func tensor(_ storage: [UInt8], offset: Int = 0, shape: [Int], strides: [Int]) -> [UInt8] {
        call(
            global("torch._utils", "_rebuild_tensor_v2"),
            [storage, integer(offset), integers(shape), integers(strides), [0x89], call(orderedDictionary, [])])
    }

    static let orderedDictionary = global("collections", "OrderedDict")

    /// The file of a pickle and one storage of the floats 0, 1, 2….
    static func file(_ root: [UInt8], floatCount: Int = 12) -> ZipBuilder {
        ZipBuilder(entries: [
            ("archive/data.pkl", document(root)), ("archive/byteorder", Array("little".utf8)),
            ("archive/data/0", bytes(of: (0..<floatCount).map(Float.init))),
        ])
    }
}

extension StoredTensor {
    /// All elements in row-major order, whatever the strides are.
    func floats() throws -> [Float] {
        let bytes = region.bytes
        var elements: [Float] = []
        func visit(axis: Int, position: Int) throws {
            guard axis < shape.count else {
                elements.append(try number(bytes, at: position * type.byteCount))
                return
            }
            for index in 0..<shape[axis] { try visit(axis: axis + 1, position: position + index * strides[axis]) }
        }
        if elementCount > 0 { try visit(axis: 0, position: storageOffset) }
        return elements
    }

    private func number(_ bytes: [UInt8], at offset: Int) throws -> Float {
        let pattern = bytes[offset..<offset + type.byteCount].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        switch type {
        case .float32: return Float(bitPattern: UInt32(pattern))
        case .float16: return Float(Float16(bitPattern: UInt16(pattern)))
        case .bfloat16: return Float(bitPattern: UInt32(pattern) << 16)
        default: return Float(pattern)
        }
    }
}

/// Expects that opening the file ends in an error that names it, and gives the error.
@discardableResult
func refusal(of file: URL, sourceLocation: SourceLocation = #_sourceLocation) -> ModelFileError? {
    let error = #expect(throws: ModelFileError.self, sourceLocation: sourceLocation) {
        try Checkpoint.open(file: file)
    }
    #expect(
        error?.description.hasPrefix(file.path) == true, "\(error.debugDescription)", sourceLocation: sourceLocation)
    return error
}
