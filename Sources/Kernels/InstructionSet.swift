internal import CKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A set of inner loops compiled for one family of instructions, all of which give the same bits.
@safe public struct InstructionSet: Sendable, CustomStringConvertible {
    /// The functions; static constants of the C module.
    nonisolated(unsafe) let kernels: UnsafePointer<ck_kernels>

    /// "avx512", "avx2", "neon" or "scalar".
    public var name: String { unsafe String(cString: kernels.pointee.name) }
    public var description: String { name }

    /// What this program has and this processor can run, the fastest first, "scalar" last.
    public static let available: [InstructionSet] = {
        var tables = unsafe [UnsafePointer<ck_kernels>?](repeating: nil, count: 8)
        let count = unsafe Int(ck_available(&tables, 8))
        return unsafe tables.prefix(count).compactMap { unsafe $0.map { unsafe InstructionSet(kernels: $0) } }
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
