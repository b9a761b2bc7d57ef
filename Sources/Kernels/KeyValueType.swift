internal import CKernels

/// How keys and values are held.
public enum KeyValueType: String, Sendable, CaseIterable {
    /// As they were computed.
    case f32
    case f16
    /// Bytes, with a scale for each 64 elements of a token's key or value: 8.5 bits an element.
    case int8

    /// What suits weights of these bits: as exact as they are. Measured on the reference model's held-out text, int8 changes
    /// the perplexity by a tenth of what int8 weights do.
    public static func suiting(_ quantization: Quantization?) -> KeyValueType { quantization == nil ? .f32 : .int8 }

    var kernelType: ck_page_type {
        switch self {
        case .f32: ck_page_f32
        case .f16: ck_page_f16
        case .int8: ck_page_int8
        }
    }
}
