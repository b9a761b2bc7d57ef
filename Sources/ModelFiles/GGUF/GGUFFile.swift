import Kernels

/// Reads the head of a GGUF file, versions 2 and 3: keys with values, then a declaration of each tensor, then the tensors'
/// bytes.
///
/// Stricter than the format's own reader: tensors may not overlap. Between them there may be room.
enum GGUFFile {
    static let magic = Array("GGUF".utf8)
    /// The most bytes before the tensors: the largest tokenizers take a quarter of that.
    static let maximumHeadLength = 64 << 20
    /// More tensors than any model has.
    private static let maximumTensorCount = 1 << 17
    private static let maximumNameLength = 1024
    /// The most axes that the format allows.
    private static let maximumRank = 4

    /// Whether a file is taken for GGUF: by its name, as all forms are.
    static func isName(_ path: String) -> Bool { path.lowercased().hasSuffix(".gguf") }

    struct Contents {
        /// In the order of their bytes, under HuggingFace's names.
        let tensors: [StoredTensor]
        let metadata: GGUFMetadata
    }

    /// The tensors of a mapped file, and what it says beside them.
    static func read(_ file: MappedFile) throws -> Contents {
        var cursor = GGUFCursor(file, part: "header")
        try checkStart(&cursor)
        let tensorCount = try cursor.count()
        let keyCount = try cursor.count()
        guard tensorCount <= maximumTensorCount, keyCount <= GGUFMetadata.maximumCount else {
            throw cursor.problem("\(tensorCount) tensors and \(keyCount) keys, more than any model has", at: 8)
        }
        cursor.part = "metadata"
        let metadata = try GGUFMetadata(count: keyCount, from: &cursor)
        try refuseParts(metadata)
        let panels = try GGUFPanels(metadata)
        cursor.part = "tensors"
        let declarations = try (0..<tensorCount).map { _ in try declaration(&cursor) }
        let alignment = try alignment(metadata)
        let start = (cursor.position + alignment - 1) / alignment * alignment
        let data = try file.region(offset: min(start, file.count), count: max(0, file.count - start))
        let placed = try declarations.map { try place($0, alignment: alignment, panels: panels, data: data) }
            .sorted { ($0.offset, $0.byteCount) < ($1.offset, $1.byteCount) }
        try refuseOverlaps(placed, path: file.path)
        return Contents(tensors: try placed.map { try tensor($0, data: data) }, metadata: metadata)
    }

    private static func checkStart(_ cursor: inout GGUFCursor) throws {
        let path = cursor.file.path
        guard try cursor.file.count >= 4 && cursor.file.bytes(offset: 0, count: 4) == magic else {
            throw ModelFileError.malformed(
                path: path, part: "the file", problem: cursor.file.count == 0 ? "is empty" : "is no GGUF file")
        }
        try cursor.skip(4)
        let version = try cursor.integer(UInt32.self)
        guard version == 2 || version == 3 else {
            let isSwapped = (1...3).contains(version.byteSwapped)
            throw ModelFileError.unsupported(
                path: path,
                found: isSwapped ? "is a big-endian GGUF file" : "is GGUF of version \(version); 2 and 3 are read",
                advice: "Convert the original model again.")
        }
    }

    private static func refuseParts(_ metadata: GGUFMetadata) throws {
        guard let count = try metadata.integer("split.count"), count > 1 else { return }
        throw ModelFileError.unsupported(
            path: metadata.path, found: "is one of \(count) parts of a model",
            advice: "Join them with the program that split them, or convert the original model.")
    }

    private static func alignment(_ metadata: GGUFMetadata) throws -> Int {
        let key = "general.alignment"
        let alignment = try metadata.integer(key) ?? 32
        guard alignment > 0, alignment <= 1 << 20, alignment & (alignment - 1) == 0 else {
            throw metadata.refusal(key, expected: "a power of two up to 1048576", found: "\(alignment)")
        }
        return alignment
    }

    // MARK: Tensors

    /// A tensor as the head declares it.
    private struct Declaration {
        let name: String
        /// Outermost axis first, unlike in the file.
        let shape: [Int]
        let typeNumber: UInt32
        /// From the start of the data.
        let offset: Int
    }

    /// A declaration that fits the file.
    private struct Placed {
        let name: String
        let shape: [Int]
        let type: StoredType
        let offset: Int
        let byteCount: Int
    }

    private static func declaration(_ cursor: inout GGUFCursor) throws -> Declaration {
        let start = cursor.position
        let name = try cursor.name(limit: maximumNameLength)
        let rank = try cursor.integer(UInt32.self)
        guard rank <= UInt32(maximumRank) else {
            throw cursor.problem("tensor \(name.quoted) has \(rank) axes; \(maximumRank) are the most", at: start)
        }
        let shape = try (0..<rank).map { _ in try cursor.count() }
        return Declaration(
            name: name, shape: shape.reversed(), typeNumber: try cursor.integer(UInt32.self),
            offset: try cursor.count())
    }

    private static func place(
        _ declaration: Declaration, alignment: Int, panels: GGUFPanels?, data: MappedRegion
    ) throws -> Placed {
        let path = data.file.path
        func refused(expected: String, found: String) -> ModelFileError {
            .tensor(path: path, tensor: declaration.name, expected: expected, found: found)
        }
        guard let declared = GGUFTensorType.storedType(ofNumber: declaration.typeNumber) else {
            throw refused(
                expected: "f32, f16, bf16, q8_0 or q4_0: other types aren't read; convert the original model",
                found: "type \(GGUFTensorType.name(ofNumber: declaration.typeNumber))")
        }
        guard let byteCount = declared.byteCount(ofShape: declaration.shape) else {
            throw refused(
                expected: "a shape that \(declared.rawValue) can have", found: "\(declaration.shape)")
        }
        guard declaration.offset.isMultiple(of: alignment) else {
            throw refused(
                expected: "an offset that is a multiple of \(alignment), the file's alignment",
                found: "\(declaration.offset)")
        }
        guard declaration.offset <= data.count, byteCount <= data.count - declaration.offset else {
            throw refused(
                expected: "its \(byteCount) bytes from \(declaration.offset) within the \(data.count) of the data",
                found: "the file's end; it may be cut off")
        }
        guard let packed = panels?.tensors[declaration.name] else {
            return Placed(
                name: declaration.name, shape: declaration.shape, type: declared, offset: declaration.offset,
                byteCount: byteCount)
        }
        guard declared == .int8, packed.type.byteCount(ofShape: packed.shape) == byteCount else {
            throw refused(
                expected: "the bytes of \(packed.type.rawValue) panels of shape \(packed.shape)",
                found: "\(byteCount) bytes of type \(declared.rawValue)")
        }
        guard (data.offset + declaration.offset).isMultiple(of: PanelLayout.alignment) else {
            throw refused(
                expected: "packed weights at a multiple of \(PanelLayout.alignment) bytes in the file",
                found: "byte \(data.offset + declaration.offset)")
        }
        return Placed(
            name: declaration.name, shape: packed.shape, type: packed.type, offset: declaration.offset,
            byteCount: byteCount)
    }

    private static func refuseOverlaps(_ tensors: [Placed], path: String) throws {
        for (before, tensor) in zip(tensors, tensors.dropFirst())
        where tensor.offset < before.offset + before.byteCount {
            throw ModelFileError.tensor(
                path: path, tensor: tensor.name,
                expected: "its bytes to begin from \(before.offset + before.byteCount) on, where those of "
                    + "\(before.name.quoted) end",
                found: "\(tensor.offset): two tensors overlap")
        }
    }

    private static func tensor(_ placed: Placed, data: MappedRegion) throws -> StoredTensor {
        let region = try data.region(offset: placed.offset, count: placed.byteCount)
        let name = GGUFNames.huggingFaceName(of: placed.name)
        if placed.type.byteCount == 0 {
            return try StoredTensor(name: name, compound: placed.type, shape: placed.shape, storage: region)
        }
        return try StoredTensor(name: name, type: placed.type, shape: placed.shape, storage: region)
    }
}
