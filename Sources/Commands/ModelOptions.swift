import ArgumentParser
import Foundation
import GPTJ
import Generation
import JobCatalog
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
        completion: .model)
    var model: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A LoRA adapter as peft saves it, by its folder or its name where adapters are kept; its change is multiplied by "
                + "the scale. May be repeated: their changes add up. Kinds and jobs that name adapters have those instead.",
            valueName: "path|name[=scale]"),
        completion: .file())
    var adapter: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Memory that adapters may take together, in MiB.", valueName: "MiB"))
    var adapterMemory = 512

    @Option(name: .long, help: "Threads that compute; by default one for each core.")
    var threads: Int?

    @Option(name: .customLong("batch-rows"), help: "Texts generated side by side; by default 32.")
    var rows: Int?

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
    func keyValueType(beside quantization: Quantization?) -> KeyValueType { keyValues?.type ?? .suiting(quantization) }

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes 1 to 1024") }
        guard (1...4096).contains(rows ?? 1) else { throw ValidationError("--batch-rows takes 1 to 4096") }
        guard adapterMemory >= 1 else { throw ValidationError("--adapter-memory takes at least 1 MiB") }
        if let kvMemory, kvMemory < 1 { throw ValidationError("--kv-memory takes at least 1 MiB") }
    }

    /// Where the model lies.
    ///
    /// - throws: `ModelFileError` when it isn't there.
    func locate() throws -> LocatedModel { try Self.locate(model) }

    /// Where the model called `name` lies; without a name, the one that the environment names, or the built-in one.
    static func locate(_ name: String?) throws -> LocatedModel {
        let locator = ModelLocator(environment: ProcessInfo.processInfo.environment)
        guard let name = try name ?? Settings.current.text(.model), !name.isEmpty else { return .builtIn }
        do {
            return try locator.locate(name)
        } catch let error as ModelFileError where error.isAboutAbsence && !name.contains("/") {
            let there = locator.names + [LocatedModel.builtInName]
            throw CommandError(
                .noInput,
                error.description + Suggestion.clause(for: name, in: there)
                    + " (there are \(there.prefix(8).joined(separator: ", ")))")
        }
    }

    // What the configuration says was checked when it was read; a variable that is wrong shows itself when it is asked for
    // the model, at the latest.
    var threadCount: Int {
        threads ?? (try? Settings.current.number(.threads)) ?? ProcessInfo.processInfo.activeProcessorCount
    }

    /// Texts generated side by side.
    var batchRows: Int { rows ?? (try? Settings.current.number(.batchRows)) ?? 32 }

    private var weightType: WeightType? {
        weights ?? (try? Settings.current.text(.weights)).flatMap { WeightType(rawValue: $0) }
    }

    private var keyValues: KeyValues? {
        kv ?? (try? Settings.current.text(.kv)).flatMap { KeyValues(rawValue: $0) }
    }

    /// Bytes set aside for keys and values.
    private var keyValueBytes: Int {
        (kvMemory ?? (try? Settings.current.number(.kvMemory))).map { $0 << 20 }
            ?? Int(ProcessInfo.processInfo.physicalMemory / 4)
    }

    private var sharesPrefixes: Bool { !noPrefixCache && (try? Settings.current.isOn(.prefixCache)) != false }
    private var looksAhead: Bool { !noLookahead && (try? Settings.current.isOn(.lookahead)) != false }

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
            locate(), weights: weightType, threads: threadCount, instructionSet: instructionSet(),
            keyValues: keyValues?.type, keyValueBytes: keyValueBytes, adapters: try adapterReferences,
            adapterBytes: adapterMemory << 20,
            limits: SchedulerLimits(rows: batchRows, sharesPrefixes: sharesPrefixes, looksAhead: looksAhead))
    }

    private var adapterReferences: [AdapterReference] {
        get throws { try adapter.map { try AdapterReference(parsing: $0) } }
    }

    func loadTokenizer() throws -> Tokenizer { try Self.tokenizer(of: locate()) }

    /// A model's tokenizer, without a look at its weights.
    ///
    /// - throws: `TokenizerError`, `ModelFileError`; ``CommandError`` (65) for a GGUF file without one.
    static func tokenizer(of located: LocatedModel) throws -> Tokenizer {
        try tokenizer(located.tokenizerDefinition(), of: located)
    }

    /// - parameter definition: as the model has it; `nil` where it has none.
    static func tokenizer(_ definition: TokenizerDefinition?, of located: LocatedModel) throws -> Tokenizer {
        guard let definition else {
            if located.gguf == nil { throw TokenizerError.noTokenizer(folder: located.folder.path) }
            throw CommandError(.badData, "\(located.url.path): the file has no tokenizer; it serves ids only")
        }
        return try Tokenizer(definition)
    }
}
