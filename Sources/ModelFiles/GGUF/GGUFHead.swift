package import Kernels

/// A value to be written under a key.
package enum GGUFField: Sendable {
    case uint32(UInt32)
    case float32(Float)
    case bool(Bool)
    case text(String)
    case texts([[UInt8]])
    case int32s([Int32])
    case uint64s([UInt64])
}

/// A tensor to be written.
package struct GGUFTensorPlan: Sendable {
    /// GGUF's name.
    package let name: String
    /// Outermost axis first; two axes for panels.
    package let shape: [Int]
    package let encoding: WeightEncoding
    package let byteCount: Int

    package init(name: String, shape: [Int], encoding: WeightEncoding) {
        self.name = name
        self.shape = shape
        self.encoding = encoding
        let columns = shape.last ?? 1
        byteCount = encoding.byteCount(rows: shape.reduce(1, *) / max(columns, 1), columns: columns)
    }
}

/// All of a GGUF file (version 3) that stands before the tensors' bytes, and where those lie.
package struct GGUFHead: Sendable {
    /// The head with its padding.
    package let bytes: [UInt8]
    /// Where each tensor begins, from the start of the file, in the order in which they were given.
    package let offsets: [Int]
    /// Bytes of the whole file.
    package let fileByteCount: Int

    /// Every tensor begins at a multiple of this, as packed ones must in memory.
    package static let alignment = PanelLayout.alignment

    /// - parameter fields: keys in their order; those of the alignment and of the packed tensors are added.
    package init(fields: [(key: String, value: GGUFField)], tensors: [GGUFTensorPlan]) {
        let fields = [("general.alignment", .uint32(UInt32(Self.alignment)))] + fields + Self.panelFields(tensors)
        var writer = Writer()
        writer.bytes = GGUFFile.magic
        writer.append(UInt32(3))
        writer.append(UInt64(tensors.count))
        writer.append(UInt64(fields.count))
        for (key, value) in fields {
            writer.append(Array(key.utf8))
            writer.append(value)
        }
        var offset = 0
        var offsets: [Int] = []
        for tensor in tensors {
            writer.append(tensor, offset: offset)
            offsets.append(offset)
            offset += Self.aligned(tensor.byteCount)
        }
        writer.bytes += [UInt8](repeating: 0, count: Self.aligned(writer.bytes.count) - writer.bytes.count)
        bytes = writer.bytes
        self.offsets = offsets.map { $0 + writer.bytes.count }
        fileByteCount = writer.bytes.count + offset
    }

    /// The next multiple of the alignment.
    package static func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

    private static func panelFields(_ tensors: [GGUFTensorPlan]) -> [(key: String, value: GGUFField)] {
        let packed = tensors.compactMap { tensor -> (GGUFTensorPlan, Quantization)? in
            if case .panels(let quantization) = tensor.encoding { (tensor, quantization) } else { nil }
        }
        if packed.isEmpty { return [] }
        return [(GGUFPanels.layoutKey, .text(GGUFPanels.layoutName))]
            + GGUFPanels.numbers.map { ($0.key, .uint32(UInt32($0.value))) } + [
                (GGUFPanels.namesKey, .texts(packed.map { Array($0.0.name.utf8) })),
                (GGUFPanels.typesKey, .texts(packed.map { Array($0.1.rawValue.utf8) })),
                (GGUFPanels.rowsKey, .uint64s(packed.map { UInt64($0.0.shape[0]) })),
                (GGUFPanels.columnsKey, .uint64s(packed.map { UInt64($0.0.shape[1]) })),
            ]
    }
}

/// Puts the parts of a head into bytes.
private struct Writer {
    var bytes: [UInt8] = []

    mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    /// Text: its length and its bytes.
    mutating func append(_ text: [UInt8]) {
        append(UInt64(text.count))
        bytes += text
    }

    private mutating func append(_ type: GGUFMetadata.ValueType) { append(type.rawValue) }

    private mutating func append(listOf type: GGUFMetadata.ValueType, count: Int) {
        append(.array)
        append(type)
        append(UInt64(count))
    }

    mutating func append(_ field: GGUFField) {
        switch field {
        case .uint32(let value):
            append(.uint32)
            append(value)
        case .float32(let value):
            append(.float32)
            append(value.bitPattern)
        case .bool(let value):
            append(.bool)
            append(UInt8(value ? 1 : 0))
        case .text(let value):
            append(.text)
            append(Array(value.utf8))
        case .texts(let values):
            append(listOf: .text, count: values.count)
            for value in values { append(value) }
        case .int32s(let values):
            append(listOf: .int32, count: values.count)
            for value in values { append(value) }
        case .uint64s(let values):
            append(listOf: .uint64, count: values.count)
            for value in values { append(value) }
        }
    }

    mutating func append(_ tensor: GGUFTensorPlan, offset: Int) {
        append(Array(tensor.name.utf8))
        let (shape, type) = Self.declaration(of: tensor)
        append(UInt32(shape.count))
        for axis in shape.reversed() { append(UInt64(axis)) }
        append(GGUFTensorType.number(of: type) ?? 0)
        append(UInt64(offset))
    }

    /// Panels are declared as bytes, a row to a panel.
    private static func declaration(of tensor: GGUFTensorPlan) -> (shape: [Int], type: StoredType) {
        switch tensor.encoding {
        case .panels(let quantization):
            (
                [PanelLayout.panelCount(rows: tensor.shape[0]), quantization.panelBytes(columns: tensor.shape[1])],
                .int8
            )
        case .rows(.elements(let type)): (tensor.shape, StoredType(type))
        case .rows(.blocks(let type)): (tensor.shape, StoredType(type))
        }
    }
}

extension StoredType {
    init(_ type: ElementType) {
        self =
            switch type {
            case .float32: .float32
            case .float16: .float16
            case .bfloat16: .bfloat16
            }
    }

    init(_ type: BlockType) { self = type == .eightBits ? .eightBitBlocks : .fourBitBlocks }
}
