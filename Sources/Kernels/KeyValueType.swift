internal import CKernels

/// How keys and values are held.
public enum KeyValueType: String, Sendable, CaseIterable {
    /// As they were computed.
    case f32
    case f16
    /// Bytes, with a scale for each 64 elements of a token's key or value: 8.5 bits an element.
    case int8

    var kernelType: ck_page_type {
        switch self {
        case .f32: ck_page_f32
        case .f16: ck_page_f16
        case .int8: ck_page_int8
        }
    }
}
