internal import COpenBLAS
internal import Synchronization

/// The system's OpenBLAS: products of large f32 matrices.
///
/// The engine's forward pass doesn't use it: its own kernels are level with it in speed, read f16 and bf16 weights in
/// place, and give a row the same bits whatever is computed beside it, which no BLAS promises.
/// `nightshift engine bench` shows both.
@safe public final class OpenBLAS: Sendable {
    /// The kernels that the library picked.
    public let coreName: String
    let library: copenblas

    /// - parameter threads: at least 1. OpenBLAS keeps threads of its own.
    /// - throws: ``OpenBLASError``.
    public static func load(threads: Int) throws -> OpenBLAS {
        let library = try loaded.withLock { state in
            if let found = state { return found }
            let found = try OpenBLAS()
            state = found
            return found
        }
        library.library.set_thread_count(Int32(threads))
        return library
    }

    private static let loaded = Mutex<OpenBLAS?>(nil)

    /// Kernels for processors of before 2013: nobody who has AVX2 wants to run on them.
    private static let ancientCores: Set<String> = [
        "prescott", "core2", "penryn", "dunnington", "nehalem", "atom", "athlon", "opteron", "opteron_sse3",
        "barcelona", "bobcat", "nano", "katmai", "coppermine", "northwood", "banias", "generic",
    ]

    private init() throws {
        var library = copenblas()
        var problem: UnsafePointer<CChar>?
        guard unsafe copenblas_load(Self.coreType, &library, &problem) == 0 else {
            throw OpenBLASError.notLoaded(reason: unsafe problem.map { unsafe String(cString: $0) } ?? "")
        }
        self.library = library
        coreName = unsafe library.core_name().map { unsafe String(cString: $0) } ?? "unknown"
        if Self.coreType != nil, Self.ancientCores.contains(coreName.lowercased()) {
            throw OpenBLASError.slowKernels(coreName: coreName)
        }
    }

    /// What to ask for: the newest kernels of the library that this processor is sure to run; `nil` for one that has
    /// nothing newer than the ancient ones.
    private static var coreType: String? {
        switch InstructionSet.available[0].name {
        case "avx512-vnni", "avx512": "SKYLAKEX"
        case "avx2-vnni", "avx2": "HASWELL"
        default: nil
        }
    }

    /// `output = input * weightsᵀ`: `[rows, inner]` by `[columns, inner]`, row-major.
    public func multiply(
        _ input: FloatBuffer, _ weights: FloatBuffer, rows: Int, columns: Int, inner: Int, into output: FloatBuffer
    ) {
        precondition(
            input.count >= rows * inner && weights.count >= columns * inner && output.count >= rows * columns)
        unsafe library.sgemm(
            101, 111, 112, Int32(rows), Int32(columns), Int32(inner), 1, input.base, Int32(inner), weights.base,
            Int32(inner), 0, output.base, Int32(columns))
    }
}

public enum OpenBLASError: Error, Equatable, CustomStringConvertible {
    /// The system has no OpenBLAS, or one that can't be loaded.
    case notLoaded(reason: String)
    /// The library runs kernels that are many times slower than this processor.
    case slowKernels(coreName: String)

    public var description: String {
        switch self {
        case .notLoaded(let reason): "OpenBLAS can't be loaded (\(reason)); install Debian's libopenblas0"
        case .slowKernels(let name):
            "OpenBLAS runs its '\(name)' kernels, several times slower than this processor; "
                + "unset OPENBLAS_CORETYPE, or set it to HASWELL or SKYLAKEX"
        }
    }
}
