internal import CKernels

/// How blocks of elements are written that share a scale: formats of GGUF, whose names the raw values are.
public enum BlockType: String, Sendable, CaseIterable {
    /// 32 integers from -127 to 127 and a scale of type f16.
    case eightBits = "q8_0"
    /// 32 integers from -8 to 7 and a scale of type f16.
    case fourBits = "q4_0"

    /// Elements to a block.
    public static let length = Int(ck_block_length)

    /// Bytes of a block.
    public var byteCount: Int { Int(self == .eightBits ? ck_block_bytes_8 : ck_block_bytes_4) }
}

/// How the numbers of a matrix are written, row by row.
public enum RowFormat: Sendable, Hashable {
    case elements(ElementType)
    /// Rows are whole blocks.
    case blocks(BlockType)

    /// Bytes of `count` elements.
    ///
    /// - precondition: they are whole blocks where there are blocks.
    public func byteCount(of count: Int) -> Int {
        switch self {
        case .elements(let type): return count * type.byteCount
        case .blocks(let type):
            precondition(count.isMultiple(of: BlockType.length), "elements that aren't whole blocks")
            return count / BlockType.length * type.byteCount
        }
    }

    var kernelType: ck_type {
        switch self {
        case .elements(let type): type.kernelType
        case .blocks(.eightBits): ck_type_q8_0
        case .blocks(.fourBits): ck_type_q4_0
        }
    }
}

extension ElementType {
    var kernelType: ck_type {
        switch self {
        case .float32: ck_type_f32
        case .float16: ck_type_f16
        case .bfloat16: ck_type_bf16
        }
    }
}
