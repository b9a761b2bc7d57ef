internal import CKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A set of inner loops compiled for one family of instructions, all of which give the same bits.
@safe public struct InstructionSet: Sendable, CustomStringConvertible {
    /// The functions over floats; static constants of the C module.
    nonisolated(unsafe) let kernels: UnsafePointer<ck_kernels>
    /// The functions over quantized numbers; static constants of the C module.
    nonisolated(unsafe) let quantizedKernels: UnsafePointer<ck_quantized_kernels>
    /// The functions over keys and values; static constants of the C module.
    nonisolated(unsafe) let attentionKernels: UnsafePointer<ck_attention_kernels>
    /// The functions of training; static constants of the C module.
    nonisolated(unsafe) let trainingKernels: UnsafePointer<ck_training_kernels>
    /// "avx512-vnni", "avx512", "avx2-vnni", "avx2", "neon-dot", "neon" or "scalar".
    public let name: String

    public var description: String { name }

    /// What this program has and this processor can run, the fastest first, "scalar" last.
    public static let available: [InstructionSet] = {
        var sets = unsafe [ck_instruction_set](repeating: ck_instruction_set(), count: 8)
        let count = unsafe Int(ck_available(&sets, 8))
        return unsafe sets.prefix(count).map { set in
            unsafe InstructionSet(
                kernels: set.floats, quantizedKernels: set.quantized, attentionKernels: set.attention,
                trainingKernels: set.training, name: String(cString: set.name))
        }
    }()

    /// The environment variable that forces a set by its name.
    public static let environmentVariable = "NIGHTSHIFT_ISA"

    /// The set called `name`, or the best one for `nil`.
    ///
    /// - throws: ``InstructionSetError`` when this processor can't run it or nobody has heard of it.
    public static func named(_ name: String?) throws -> InstructionSet {
        guard let name else { return available[0] }
        guard let set = available.first(where: { $0.name == name }) else {
            throw InstructionSetError(name: name, available: available.map(\.name))
        }
        return set
    }
}

public struct InstructionSetError: Error, Equatable, CustomStringConvertible {
    public let name: String
    public let available: [String]

    public var description: String {
        "\(InstructionSet.environmentVariable) names the instruction set '\(name)', which this processor can't run; "
            + "it can run \(available.joined(separator: ", ")). Unset the variable to have the best one picked."
    }
}
