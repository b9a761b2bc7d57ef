import ArgumentParser
import Foundation
import GPTJ
import JSONText
import Kernels
import ModelFiles

struct MergeAdaptersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Fold LoRA adapters into a model: what comes out needs none.",
        discussion: """
            Writes a folder in HuggingFace's form, or a GGUF file where the name ends in .gguf. The adapters' changes add up, \
            each multiplied by its scale. The model is read and written tensor by tensor; memory stays at some hundred MiB \
            beside the adapters, whatever the model's size. What is written appears under its name when it's whole.

            An adapter that is merged can't be taken out or combined per job any more, and weights of 16 or fewer bits are \
            rounded again; 'nightshift work --adapter' changes nothing for good.

            Exit 64: wrong use; 65: model or adapter is damaged, or they don't fit; 66: one isn't there; 73: the name is taken, \
            or there's no room; 74: it can't be written; 75: stopped by a signal, nothing is left behind.

            EXAMPLES
              nightshift model merge ./gpt-j-6b ./tales-lora ./gpt-j-tales
              nightshift model merge ./gpt-j-6b tales=0.7 letters gpt-j-both.gguf --weights int8
            """)

    @Argument(
        help: ArgumentHelp(
            "The model: a folder as downloaded from HuggingFace, or the name of one where models are kept; for a GGUF "
                + "file also one whose weights aren't packed.", valueName: "model"), completion: .file())
    var base: String

    @Argument(
        help: ArgumentHelp(
            "The adapters, each by folder or name, with =SCALE or without; then what to write: a folder, or a file that "
                + "ends in .gguf.", valueName: "adapter[=scale]> ... <output"))
    var names: [String]

    @Option(
        help: "How weights are written: f32, f16 or bf16, in a GGUF file any form; by default as the model has them.")
    var weights: WeightForm?

    @Flag(help: "Replace a model of that name.")
    var force = false

    @Option(help: "Threads that compute; by default one for each core.")
    var threads: Int?

    @Flag(
        help: #"Print one JSON object: {"model", "adapters", "output", "tensors", "bytes", "fingerprint", "seconds"}."#)
    var json = false

    private var output: String { names.last ?? "" }
    private var isFile: Bool { output.lowercased().hasSuffix(".gguf") }

    func validate() throws {
        guard names.count >= 2 else { throw ValidationError("name at least one adapter, and then what to write") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes 1 to 1024") }
        if let weights, !isFile, weights.elementType == nil {
            throw ValidationError(
                "--weights \(weights.rawValue): a folder's weights are f32, f16 or bf16; name a .gguf file")
        }
    }

    func run() async throws {
        guard let (merged, elapsed) = try await writingUnlessStopped(output, merge) else { return }
        try print(merged, seconds: (elapsed / .seconds(1) * 1000).rounded() / 1000)
    }

    /// What was written.
    private struct Merged: Sendable {
        let model: String
        let adapters: [String]
        let path: String
        let tensorCount: Int
        let byteCount: Int
        let fingerprint: String
    }

    private func merge() throws -> Merged {
        let environment = ProcessInfo.processInfo.environment
        let compute = Compute(
            threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
            instructionSet: try InstructionSet.named(environment[InstructionSet.environmentVariable]))
        let url = URL(filePath: output)
        if !force, OutputFile.exists(url.path) { throw OutputFileError.exists(path: url.path) }
        let model = try OpenedModel(ModelOptions.locate(base))
        let locator = AdapterLocator(environment: environment)
        let adapters = try names.dropLast().map { text in
            let reference = try AdapterReference(parsing: text)
            return (adapter: try Adapter(folder: locator.locate(reference.name)), scale: reference.scale)
        }
        let plan = try AdapterMerge(adapters, into: model, on: compute)
        let (tensorCount, byteCount) =
            isFile
            ? try write(model, plan, toFile: url, on: compute) : try write(model, plan, toFolder: url, on: compute)
        let written = isFile ? try Checkpoint.open(file: url) : try Checkpoint.open(folder: url)
        return Merged(
            model: model.located.url.path, adapters: adapters.map(\.adapter.path), path: url.path,
            tensorCount: tensorCount, byteCount: byteCount, fingerprint: try written.fingerprint)
    }

    private func write(
        _ model: OpenedModel, _ plan: AdapterMerge, toFile url: URL, on compute: Compute
    ) throws -> (Int, Int) {
        let conversion = try GGUFConversion(
            model, to: weights ?? model.usualForm, merging: plan, program: "nightshift \(Version.current)")
        OutputFile.removeAbandoned(besides: url.path)
        try checkRoom(for: conversion.fileByteCount, path: url.path)
        let file = try OutputFile(path: url.path, replaces: force)
        var progress = ProgressReport(verb: "wrote")
        defer { progress.finish() }
        try conversion.write(to: file, on: compute) { byteCount in
            try Task.checkCancellation()
            progress.update(done: byteCount, of: conversion.fileByteCount)
        }
        try file.finish()
        return (conversion.tensorCount, conversion.fileByteCount)
    }

    private func write(
        _ model: OpenedModel, _ plan: AdapterMerge, toFolder url: URL, on compute: Compute
    ) throws -> (Int, Int) {
        let merged = try MergedFolder(model, merging: plan, type: weights?.elementType)
        try checkRoom(for: merged.byteCount, path: url.path)
        let making = try FolderInTheMaking(url, replaces: force)
        var progress = ProgressReport(verb: "wrote")
        defer { progress.finish() }
        try merged.write(to: making.folder, on: compute) { byteCount in
            try Task.checkCancellation()
            progress.update(done: byteCount, of: merged.byteCount)
        }
        try making.finish()
        return (merged.tensorCount, merged.byteCount)
    }

    private func checkRoom(for byteCount: Int, path: String) throws {
        guard let free = OutputFile.freeBytes(for: path), free < byteCount else { return }
        throw CommandError(
            .cannotCreate, "\(path): the weights take \(byteCount.byteText), and \(free.byteText) are free there")
    }

    private func print(_ merged: Merged, seconds: Double) throws {
        if json {
            return try Console.print(
                ([
                    "model": .string(merged.model), "adapters": .array(merged.adapters.map { .string($0) }),
                    "output": .string(merged.path), "tensors": .integer(merged.tensorCount),
                    "bytes": .integer(merged.byteCount), "fingerprint": .string(merged.fingerprint),
                    "seconds": .number(seconds),
                ] as JSONValue).text)
        }
        try Console.print(
            DisplayText.line(
                "\(merged.path): \(counted(merged.adapters.count, "adapter")) merged, "
                    + "\(counted(merged.tensorCount, "tensor")), \(merged.byteCount.byteText), in "
                    + "\(String(format: "%.1f", seconds)) s; fingerprint \(merged.fingerprint)"))
    }
}

extension WeightForm {
    /// The floats that it is, where it is floats.
    fileprivate var elementType: ElementType? {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .eightBitBlocks, .fourBitBlocks, .int8, .int4: nil
        }
    }
}
