import Kernels

/// How the weights of a converted model are written.
public enum WeightForm: String, Sendable, CaseIterable {
    case float32 = "f32"
    case float16 = "f16"
    case bfloat16 = "bf16"
    /// Blocks of 32 with a scale, as other programs read them.
    case eightBitBlocks = "q8_0"
    case fourBitBlocks = "q4_0"
    /// Packed for this engine's inner loops.
    case int8 = "int8"
    case int4 = "int4"

    /// The format's number for what most tensors of a file are; `nil` for packed ones, for which it has none.
    var fileType: UInt32? {
        switch self {
        case .float32: 0
        case .float16: 1
        case .fourBitBlocks: 2
        case .eightBitBlocks: 7
        case .bfloat16: 32
        case .int8, .int4: nil
        }
    }

    /// How a tensor is written.
    ///
    /// Vectors stay floats in any case. The vocabulary's matrix has 8 bits where the others have 4, and the embedding of
    /// a packed model stays as it was, as when weights are packed on loading. Rows that aren't whole blocks stay floats.
    func encoding(of entry: CheckpointLayout.Entry, source: RowFormat, isAlsoHead: Bool) -> WeightEncoding {
        let isHead = entry.kind == .head || isAlsoHead
        let isWholeBlocks = entry.shape.last?.isMultiple(of: BlockType.length) ?? false
        func blocks(_ type: BlockType) -> WeightEncoding {
            .rows(isWholeBlocks ? .blocks(type) : .elements(.float32))
        }
        switch self {
        case _ where entry.kind == .vector: return .rows(.elements(.float32))
        case .float32: return .rows(.elements(.float32))
        case .float16: return .rows(.elements(.float16))
        case .bfloat16: return .rows(.elements(.bfloat16))
        case .eightBitBlocks: return blocks(.eightBits)
        case .fourBitBlocks: return blocks(isHead ? .eightBits : .fourBits)
        case .int8, .int4:
            if entry.kind == .embedding { return .rows(source) }
            return .panels(self == .int8 || isHead ? .int8 : .int4)
        }
    }

    /// Whether matrices are packed for the engine.
    var isPacked: Bool { self == .int8 || self == .int4 }
}
