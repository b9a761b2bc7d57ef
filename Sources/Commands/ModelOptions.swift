import ArgumentParser
import Foundation
import GPTJ
import Generation
import Kernels
import ModelFiles
import Tokenization

/// Which model, and how it's run.
struct ModelOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The model: a folder as downloaded from HuggingFace, a GGUF file, or the name of one where models are kept "
                + "(environment: NIGHTSHIFT_MODEL). By default 'pocket', a small model inside the executable.",
            valueName: "path|name"),
        completion: .file())
    var model: String?

    @Option(name: .long, help: "Threads that compute; by default one for each core.")
    var threads: Int?

    @Option(name: .long, help: "Texts generated side by side.")
    var batchRows = 32

    @Option(
        name: .long,
        help: """
            How weights are held; by default as the file has them. f32 multiplies floats: exactly the file's weights, in \
            place, whether it has f32, f16, bf16, q8_0 or q4_0. int8 and int4 are multiplied as integers: those of a \
            converted file in place, else packed when it's loaded. By default q8_0 becomes int8 and q4_0 int4.
            """)
    var weights: WeightType?

    @Option(
        name: .long,
        help: """
            How keys and values are held: f32 exactly as computed, f16 in half of that memory, int8 in a quarter. By \
            default f32 beside weights of floats, int8 beside int8 and int4.
            """)
    var kv: KeyValues?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Memory for keys and values, in MiB; by default a quarter of the machine's.", valueName: "MiB"))
    var kvMemory: Int?

    @Flag(name: .long, help: "Read every prompt whole, also what others begin with.")
    var noPrefixCache = false

    @Flag(help: "Don't guess at how texts go on while they are few; their tokens are the same, in other time.")
    var noLookahead = false

    enum WeightType: String, ExpressibleByArgument, CaseIterable {
        case f32, int8, int4

        /// `nil` for floats.
        var quantization: Quantization? { Quantization(rawValue: rawValue) }

        init(_ quantization: Quantization?) { self = quantization.flatMap { Self(rawValue: $0.rawValue) } ?? .f32 }
    }

    enum KeyValues: String, ExpressibleByArgument, CaseIterable {
        case f32, f16, int8

        var type: KeyValueType {
            switch self {
            case .f32: .f32
            case .f16: .f16
            case .int8: .int8
            }
        }
    }

    /// How keys and values are held beside such weights.
    func keyValueType(beside quantization: Quantization?) -> KeyValueType { kv?.type ?? .suiting(quantization) }

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes 1 to 1024") }
        guard (1...4096).contains(batchRows) else { throw ValidationError("--batch-rows takes 1 to 4096") }
        if let kvMemory, kvMemory < 1 { throw ValidationError("--kv-memory takes at least 1 MiB") }
    }

    /// Where the model lies.
    ///
    /// - throws: `ModelFileError` when it isn't there.
    func locate() throws -> LocatedModel { try Self.locate(model) }

    /// Where the model called `name` lies; without a name, the one that the environment names, or the built-in one.
    static func locate(_ name: String?) throws -> LocatedModel {
        let environment = ProcessInfo.processInfo.environment
        let named = name ?? environment["NIGHTSHIFT_MODEL"].flatMap { $0.isEmpty ? nil : $0 }
        return try ModelLocator(environment: environment).locate(named ?? LocatedModel.builtInName)
    }

    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    /// Bytes set aside for keys and values.
    private var keyValueBytes: Int { kvMemory.map { $0 << 20 } ?? Int(ProcessInfo.processInfo.physicalMemory / 4) }

    /// Bytes that keys and values take beside such weights, once all of the memory set aside for them is in use.
    func keyValueBytes(_ configuration: GPTJConfiguration, beside quantization: Quantization?) -> Int {
        let type = keyValueType(beside: quantization)
        return GPTJModel.bytesPerToken(configuration, type)
            * LoadedModel.tokenCapacity(configuration, type, rows: batchRows, keyValueBytes: keyValueBytes)
    }

    private func instructionSet() throws -> InstructionSet {
        try InstructionSet.named(ProcessInfo.processInfo.environment[InstructionSet.environmentVariable])
    }

    /// The threads and instructions that are asked for.
    func makeCompute() throws -> Compute {
        Compute(threads: threadCount, instructionSet: try instructionSet())
    }

    func load() throws -> LoadedModel {
        try LoadedModel(
            locate(), weights: weights, threads: threadCount, instructionSet: instructionSet(),
            keyValues: kv?.type, keyValueBytes: keyValueBytes,
            limits: SchedulerLimits(rows: batchRows, sharesPrefixes: !noPrefixCache, looksAhead: !noLookahead))
    }

    func loadTokenizer() throws -> Tokenizer { try Self.tokenizer(of: locate()) }

    /// A model's tokenizer, without a look at its weights.
    ///
    /// - throws: `TokenizerError`, `ModelFileError`; ``CommandError`` (65) for a GGUF file without one.
    static func tokenizer(of located: LocatedModel) throws -> Tokenizer {
        guard let definition = try located.tokenizerDefinition() else {
            if located.gguf == nil { throw TokenizerError.noTokenizer(folder: located.folder.path) }
            throw CommandError(.badData, "\(located.url.path): the file has no tokenizer; it serves ids only")
        }
        return try Tokenizer(definition)
    }
}
