public import Kernels

/// How the numbers of a tensor are written in a file: every type that safetensors and torch can name with a whole
/// number of bytes an element. Little-endian throughout.
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

    /// Bytes an element.
    public var byteCount: Int {
        switch self {
        case .float64, .complex64, .int64, .uint64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float8E4M3, .float8E5M2, .int8, .uint8, .bool: 1
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
}
