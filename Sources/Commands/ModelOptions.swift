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
            "The model: a folder as downloaded from HuggingFace, or the name of one where models are kept "
                + "(environment: NIGHTSHIFT_MODEL).", valueName: "path|name"),
        completion: .directory)
    var model: String?

    @Option(name: .long, help: "Threads that compute; by default one for each core.")
    var threads: Int?

    @Option(name: .long, help: "Texts generated side by side.")
    var batchRows = 32

    @Option(
        name: .long,
        help:
            "How weights are held: f32 computes with the file's weights exactly; int8 and int4 are made when it's loaded."
    )
    var weights = WeightType.f32

    @Option(
        name: .long,
        help: "How keys and values are held: f32 exactly as computed, f16 in half of that memory, int8 in a quarter.")
    var kv = KeyValues.f32

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Memory for keys and values, in MiB; by default a quarter of the machine's.", valueName: "MiB"))
    var kvMemory: Int?

    @Flag(name: .long, help: "Read every prompt whole, also what others begin with.")
    var noPrefixCache = false

    @Flag(help: "Don't guess at how a single text goes on; its tokens are the same, in other time.")
    var noLookahead = false

    enum WeightType: String, ExpressibleByArgument, CaseIterable {
        case f32, int8, int4

        /// `nil` for weights as the file has them.
        var quantization: Quantization? { Quantization(rawValue: rawValue) }
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

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes 1 to 1024") }
        guard (1...4096).contains(batchRows) else { throw ValidationError("--batch-rows takes 1 to 4096") }
        if let kvMemory, kvMemory < 1 { throw ValidationError("--kv-memory takes at least 1 MiB") }
    }

    /// Where the model lies.
    ///
    /// - throws: ``CommandError`` (69) when none is named.
    func locate() throws -> LocatedModel { try Self.locate(model) }

    /// Where the model called `name` lies; without a name, the one that the environment names.
    static func locate(_ name: String?) throws -> LocatedModel {
        let environment = ProcessInfo.processInfo.environment
        guard let name = name ?? environment["NIGHTSHIFT_MODEL"].flatMap({ $0.isEmpty ? nil : $0 }) else {
            throw CommandError(
                .unavailable,
                "no model is named. Give --model FOLDER, or set NIGHTSHIFT_MODEL; the README says how to get GPT-J-6B")
        }
        return try ModelLocator(environment: environment).locate(name)
    }

    private var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

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
            keyValues: kv.type,
            keyValueBytes: kvMemory.map { $0 << 20 } ?? Int(ProcessInfo.processInfo.physicalMemory / 4),
            limits: SchedulerLimits(rows: batchRows, sharesPrefixes: !noPrefixCache, looksAhead: !noLookahead))
    }

    func loadTokenizer() throws -> Tokenizer {
        try Tokenizer(folder: locate().folder)
    }
}
