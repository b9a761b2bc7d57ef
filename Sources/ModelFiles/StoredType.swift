public import Kernels

/// How the numbers of a tensor are written in a file: every type that safetensors and torch can name with a whole
/// number of bytes an element, GGUF's blocks that are read, and the engine's own packed matrices. Little-endian
/// throughout.
public enum StoredType: String, Sendable, CaseIterable {
    case float64 = "f64"
    case float32 = "f32"
    case float16 = "f16"
    case bfloat16 = "bf16"
    case float8E4M3 = "f8_e4m3"
    case float8E5M2 = "f8_e5m2"
    case complex64 = "c64"
    case int64 = "i64"
    case int32 = "i32"
    case int16 = "i16"
    case int8 = "i8"
    case uint64 = "u64"
    case uint32 = "u32"
    case uint16 = "u16"
    case uint8 = "u8"
    case bool = "bool"
    case eightBitBlocks = "q8_0"
    case fourBitBlocks = "q4_0"
    case eightBitPanels = "int8"
    case fourBitPanels = "int4"

    /// Bytes an element; 0 where elements have no bytes of their own, in blocks and panels.
    public var byteCount: Int {
        switch self {
        case .float64, .complex64, .int64, .uint64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float8E4M3, .float8E5M2, .int8, .uint8, .bool: 1
        case .eightBitBlocks, .fourBitBlocks, .eightBitPanels, .fourBitPanels: 0
        }
    }

    /// The same type as the engine knows it; `nil` for types that it doesn't compute with.
    public var elementType: ElementType? {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        default: nil
        }
    }

    /// The format of the blocks; `nil` for other types.
    public var blocks: BlockType? { BlockType(rawValue: rawValue) }

    /// How packed weights are quantized; `nil` for other types.
    public var quantization: Quantization? { Quantization(rawValue: rawValue) }

    /// How rows of this type are written; `nil` for types that the engine doesn't compute with, and for panels.
    public var rowFormat: RowFormat? { elementType.map(RowFormat.elements) ?? blocks.map(RowFormat.blocks) }

    /// Whether the engine can compute with matrices of this type.
    public var isComputable: Bool { rowFormat != nil || quantization != nil }

    /// Bytes of a tensor without gaps; `nil` when they can't be counted, or when a tensor of this shape can't have the
    /// type: rows must be whole blocks, and packed tensors matrices.
    func byteCount(ofShape shape: [Int]) -> Int? {
        let lengths: [Int]
        if let quantization {
            guard shape.count == 2, shape[0] > 0, shape[1] > 0, shape[0] <= 1 << 40, shape[1] <= 1 << 40 else {
                return nil
            }
            lengths = [PanelLayout.panelCount(rows: shape[0]), quantization.panelBytes(columns: shape[1])]
        } else if let blocks {
            guard let last = shape.last, last.isMultiple(of: BlockType.length) else { return nil }
            lengths = shape.dropLast() + [last / BlockType.length, blocks.byteCount]
        } else {
            lengths = shape + [byteCount]
        }
        guard lengths.allSatisfy({ $0 >= 0 }) else { return nil }
        return lengths.reduce(1 as Int?) { product, length in
            product.flatMap { factor in
                let (product, overflow) = factor.multipliedReportingOverflow(by: length)
                return overflow ? nil : product
            }
        }
    }
}
