import JSONText
public import Kernels

/// Writes a safetensors file, tensor by tensor, that appears under its name when it's whole.
public final class SafetensorsWriter {
    /// A tensor to come.
    public struct Declaration: Sendable, Equatable {
        public let name: String
        public let shape: [Int]
        public let type: ElementType

        public init(name: String, shape: [Int], type: ElementType) {
            self.name = name
            self.shape = shape
            self.type = type
        }

        fileprivate var byteCount: Int { shape.reduce(type.byteCount, *) }
    }

    private let file: OutputFile
    private let declarations: [Declaration]
    private var writtenCount = 0
    /// Elements of the tensor that is being written, which are there.
    private var elementCount = 0
    /// Bytes of all tensors.
    public let byteCount: Int

    /// Writes the header.
    ///
    /// - parameters:
    ///   - declarations: the tensors, in the order in which they are going to be written; names occur once
    ///   - metadata: free-form texts
    ///   - replaces: whether another file of the name may be replaced
    /// - throws: `OutputFileError`.
    public init(path: String, _ declarations: [Declaration], metadata: [String: String] = [:], replaces: Bool) throws {
        precondition(Set(declarations.map(\.name)).count == declarations.count, "a name stands twice")
        var members: [JSONObject.Member] = []
        if !metadata.isEmpty {
            members.append(.init(name: "__metadata__", value: .object(JSONObject(metadata.mapValues { .string($0) }))))
        }
        var offset = 0
        for declaration in declarations {
            let end = offset + declaration.byteCount
            members.append(
                .init(
                    name: declaration.name,
                    value: .object([
                        "dtype": .string(declaration.type.safetensorsName),
                        "shape": .array(declaration.shape.map { .integer($0) }),
                        "data_offsets": .array([.integer(offset), .integer(end)]),
                    ])))
            offset = end
        }
        var header = Array(JSONValue.object(JSONObject(members: members)).text.utf8)
        // Spaces behind the object bring the data to a multiple of eight.
        header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        self.declarations = declarations
        byteCount = offset
        file = try OutputFile(path: path, replaces: replaces)
        try file.write(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header)
    }

    /// Writes the next tensor.
    ///
    /// - returns: how many elements aren't finite, or aren't any more in the declared type.
    /// - precondition: as many elements as were declared.
    /// - throws: `OutputFileError`.
    public func write(_ values: FloatMatrix) throws -> Int {
        precondition(writtenCount < declarations.count, "all declared tensors are written")
        let declaration = declarations[writtenCount]
        precondition(
            declaration.shape.reduce(1, *) == values.rows * values.columns, "\(declaration.name) has another size")
        writtenCount += 1
        return try file.write(values, as: declaration.type)
    }

    /// Writes the next rows of a tensor; it's whole when as many elements are there as were declared.
    ///
    /// - parameter progress: called every few MiB with the bytes written
    /// - returns: how many elements aren't finite, or aren't any more in the declared type. Those that stay in their type
    ///   are copied whatever they are.
    /// - precondition: the matrix isn't packed, and no more elements than were declared.
    /// - throws: `OutputFileError`; what `progress` throws.
    public func append(_ matrix: WeightMatrix, on compute: Compute, progress: (Int) throws -> Void) throws -> Int {
        precondition(writtenCount < declarations.count, "all declared tensors are written")
        let declaration = declarations[writtenCount]
        let wanted = declaration.shape.reduce(1, *)
        elementCount += matrix.rows * matrix.columns
        precondition(elementCount <= wanted, "\(declaration.name) has another size")
        let failures = try matrix.encode(as: .rows(.elements(declaration.type)), on: compute) { piece in
            try file.write(piece)
            try progress(piece.count)
        }
        if elementCount == wanted {
            writtenCount += 1
            elementCount = 0
        }
        return failures
    }

    /// Gives the file its name.
    ///
    /// - precondition: every declared tensor is written.
    /// - throws: `OutputFileError`.
    public func finish() throws {
        precondition(writtenCount == declarations.count, "a declared tensor is missing")
        try file.finish()
    }
}

extension ElementType {
    fileprivate var safetensorsName: String {
        switch self {
        case .float32: "F32"
        case .float16: "F16"
        case .bfloat16: "BF16"
        }
    }
}
