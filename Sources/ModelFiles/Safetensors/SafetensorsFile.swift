import Kernels

/// Reads the header of a safetensors file: 8 bytes of length, a JSON object of that length, then the tensors' bytes.
///
/// As strict as the format's own reader: tensors must cover the data from its first byte to the end of the file,
/// without overlap and without holes. The data need not be aligned.
enum SafetensorsFile {
    /// The limit of the format's own reader, in bytes.
    static let maximumHeaderLength = 100_000_000

    /// The tensors of a mapped file, in the order of their bytes, and its free-form metadata.
    static func read(_ file: MappedFile) throws -> (tensors: [StoredTensor], metadata: [String: String]) {
        let path = file.path
        guard file.count >= 8 else {
            throw ModelFileError.malformed(
                path: path, part: "header",
                problem: "expected at least 8 bytes for the header's length, found a file of \(file.count)")
        }
        var start = ByteReader(try file.bytes(offset: 0, count: 8), path: path, part: "header")
        let declared = try start.integer(UInt64.self)
        guard declared <= min(UInt64(maximumHeaderLength), UInt64(file.count - 8)) else {
            throw ModelFileError.malformed(
                path: path, part: "header",
                problem: "its length is given as \(declared) bytes, in a file of \(file.count); "
                    + "this is no safetensors file, or it is cut off")
        }
        let headerLength = Int(declared)
        let header = try file.bytes(offset: 8, count: headerLength)
        guard header.first == UInt8(ascii: "{") else {
            throw ModelFileError.malformed(path: path, part: "header", problem: "expected a JSON object")
        }
        let fields = try JSONFields(json: header, path: path, part: "header")
        let data = try file.region(offset: 8 + headerLength, count: file.count - 8 - headerLength)
        return (try tensors(in: fields, data: data), try metadata(in: fields))
    }

    private static func metadata(in fields: JSONFields) throws -> [String: String] {
        guard let metadata = try fields.object("__metadata__") else { return [:] }
        return try metadata.members.reduce(into: [:]) { texts, member in
            texts[member.key] = try metadata.string(member.key)
        }
    }

    /// A tensor's declaration in the header.
    private struct Entry {
        let name: String
        let type: StoredType
        let shape: [Int]
        /// First byte and end, from the start of the data.
        let bytes: (begin: Int, end: Int)
    }

    private static func tensors(in fields: JSONFields, data: MappedRegion) throws -> [StoredTensor] {
        let entries = try fields.members.keys.filter { $0 != "__metadata__" }
            .map { try entry($0, in: fields, data: data) }
            .sorted { ($0.bytes.begin, $0.bytes.end, $0.name) < ($1.bytes.begin, $1.bytes.end, $1.name) }
        var end = 0
        for entry in entries {
            guard entry.bytes.begin == end else {
                throw ModelFileError.tensor(
                    path: fields.path, tensor: entry.name,
                    expected: "its bytes to begin at \(end), where those before it end",
                    found: entry.bytes.begin < end
                        ? "\(entry.bytes.begin): two tensors overlap" : "\(entry.bytes.begin)")
            }
            end = entry.bytes.end
        }
        guard end == data.count else {
            throw ModelFileError.malformed(
                path: fields.path, part: "data",
                problem: "\(data.count) bytes follow the header, but its tensors have \(end)")
        }
        return try entries.map { entry in
            try StoredTensor(
                name: entry.name, type: entry.type, shape: entry.shape,
                storage: data.region(offset: entry.bytes.begin, count: entry.bytes.end - entry.bytes.begin))
        }
    }

    private static func entry(_ name: String, in fields: JSONFields, data: MappedRegion) throws -> Entry {
        func refused(expected: String, found: String) -> ModelFileError {
            .tensor(path: fields.path, tensor: name, expected: expected, found: found)
        }
        guard let declaration = try fields.object(name) else {
            throw refused(expected: "an object with dtype, shape and data_offsets", found: "null")
        }
        guard let dtype = try declaration.string("dtype") else {
            throw declaration.refusal("dtype", expected: "the name of a type")
        }
        guard let type = types[dtype] else {
            throw refused(
                expected: "one of the types \(types.keys.sorted().joined(separator: ", "))",
                found: "dtype \(dtype.quoted)")
        }
        let shape = try declaration.naturals("shape")
        let offsets = try declaration.naturals("data_offsets")
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw declaration.refusal("data_offsets", expected: "a begin and an end", found: "\(offsets.prefix(4))")
        }
        guard offsets[1] <= data.count else {
            throw refused(
                expected: "its bytes within the \(data.count) that follow the header",
                found: "\(offsets[0])..<\(offsets[1]); the file may be cut off")
        }
        let size = shape.reduce(type.byteCount as Int?) { product, axis in
            product.flatMap { factor in
                let (product, overflow) = factor.multipliedReportingOverflow(by: axis)
                return overflow ? nil : product
            }
        }
        guard size == offsets[1] - offsets[0] else {
            throw refused(
                expected:
                    "\(size.map(String.init) ?? "uncountably many") bytes for \(type.rawValue) \(shape.prefix(16))",
                found: "\(offsets[1] - offsets[0])")
        }
        return Entry(name: name, type: type, shape: shape, bytes: (offsets[0], offsets[1]))
    }

    /// The format's names of types. Those of less than a byte (F4, F6_E2M3, F6_E3M2) and F8_E8M0 are not read.
    private static let types: [String: StoredType] = [
        "BOOL": .bool, "U8": .uint8, "I8": .int8, "F8_E5M2": .float8E5M2, "F8_E4M3": .float8E4M3, "I16": .int16,
        "U16": .uint16, "F16": .float16, "BF16": .bfloat16, "I32": .int32, "U32": .uint32, "F32": .float32,
        "C64": .complex64, "F64": .float64, "I64": .int64, "U64": .uint64,
    ]
}
