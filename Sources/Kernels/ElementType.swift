/// How the numbers of a stored tensor are written. Little-endian throughout.
public enum ElementType: String, Sendable, CaseIterable {
    case float32 = "f32"
    case float16 = "f16"
    case bfloat16 = "bf16"

    /// Bytes an element.
    public var byteCount: Int { self == .float32 ? 4 : 2 }
}
