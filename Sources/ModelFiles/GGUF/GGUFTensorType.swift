/// The numbers by which GGUF files name the types of tensors.
enum GGUFTensorType {
    /// Types that are read, by their numbers.
    private static let storedTypes: [UInt32: StoredType] = [
        0: .float32, 1: .float16, 2: .fourBitBlocks, 8: .eightBitBlocks, 24: .int8, 25: .int16, 26: .int32, 27: .int64,
        28: .float64, 30: .bfloat16,
    ]

    /// All others that have a name, for errors.
    private static let otherNames: [UInt32: String] = [
        3: "q4_1", 6: "q5_0", 7: "q5_1", 9: "q8_1", 10: "q2_K", 11: "q3_K", 12: "q4_K", 13: "q5_K", 14: "q6_K",
        15: "q8_K", 16: "iq2_xxs", 17: "iq2_xs", 18: "iq3_xxs", 19: "iq1_s", 20: "iq4_nl", 21: "iq3_s", 22: "iq2_s",
        23: "iq4_xs", 29: "iq1_m", 34: "tq1_0", 35: "tq2_0", 39: "mxfp4", 40: "nvfp4", 41: "q1_0",
    ]

    static func storedType(ofNumber number: UInt32) -> StoredType? { storedTypes[number] }

    /// "q4_K", or "number 77, which has no name".
    static func name(ofNumber number: UInt32) -> String {
        storedTypes[number]?.rawValue ?? otherNames[number] ?? "number \(number), which has no name"
    }

    /// The number of a type that is written.
    static func number(of type: StoredType) -> UInt32? {
        storedTypes.first { $0.value == type }?.key
    }
}
