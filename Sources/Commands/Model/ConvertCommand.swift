public import ArgumentParser
import Foundation
public import GPTJ
import JSONText
import Kernels
import ModelFiles

struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write a model as one GGUF file, with tokenizer and configuration in it.",
        discussion: """
            int8 and int4 are packed for this engine, which then uses them where they lie in the file: the model is ready \
            in seconds. GPT-J-6B takes 6.4 GB as int8; int4 is smaller and faster still, and a little worse. The \
            other forms are plain GGUF for other programs too. Weights are quantized as they are on loading with --weights \
            int8 or int4, so that texts come out the same.

            The file appears under its name when it's whole. Memory stays at some hundred MiB, whatever the model's size.

            Exit 64: wrong use; 65: the model is damaged, or can't be written so; 66: it isn't there; 73: the file is there \
            already, or there's no room for it; 74: it can't be written; 75: stopped by a signal, nothing is left behind.

            EXAMPLES
              nightshift model convert ./gpt-j-6b gpt-j-6b-int8.gguf
              nightshift model convert ./gpt-j-6b gpt-j-6b-int4.gguf --weights int4
              nightshift model convert ./gpt-j-6b gpt-j-6b-f16.gguf --weights f16
              nightshift work --model gpt-j-6b-int8.gguf
            """)

    @Argument(
        help: ArgumentHelp(
            "The model: a folder as downloaded from HuggingFace, a GGUF file whose weights aren't packed, or the name of "
                + "one where models are kept.", valueName: "model"), completion: .file())
    var source: String

    @Argument(help: ArgumentHelp("The file to write; its name ends in .gguf.", valueName: "file.gguf"))
    var destination: String

    @Option(help: "How weights are written.")
    var weights = WeightForm.int8

    @Flag(help: "Replace a file of that name.")
    var force = false

    @Option(help: "Threads that compute; by default one for each core.")
    var threads: Int?

    @Flag(
        help: #"""
            Print one JSON object: {"model", "file", "weights", "tensors", "bytes", "source_bytes", "fingerprint", \#
            "source_fingerprint", "seconds"}.
            """#)
    var json = false

    func validate() throws {
        guard destination.lowercased().hasSuffix(".gguf") else {
            throw ValidationError("\(destination): the name of a GGUF file ends in .gguf")
        }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes 1 to 1024") }
    }

    func run() async throws {
        guard let (report, elapsed) = try await writingUnlessStopped(destination, convert) else { return }
        try Console.print(report.text(json: json, elapsed: elapsed))
    }

    /// Checked between the pieces of a tensor, some tens of milliseconds apart.
    private func convert() throws -> Report {
        let path = URL(filePath: destination).path
        if !force, OutputFile.exists(path) { throw OutputFileError.exists(path: path) }
        let model = try OpenedModel(ModelOptions.locate(source))
        let conversion = try GGUFConversion(model, to: weights, program: "nightshift \(Version.current)")
        OutputFile.removeAbandoned(besides: path)
        try checkRoom(for: conversion, path: path)
        let compute = try makeCompute()
        let file = try OutputFile(path: path, replaces: force)
        var progress = ProgressReport(verb: "wrote")
        defer { progress.finish() }
        try conversion.write(to: file, on: compute) { byteCount in
            try Task.checkCancellation()
            progress.update(done: byteCount, of: conversion.fileByteCount)
        }
        try file.finish()
        return Report(
            model: model.located.url.path, path: path, weights: weights, conversion: conversion,
            fingerprint: try Checkpoint.open(file: URL(filePath: path)).fingerprint,
            sourceFingerprint: try model.checkpoint.fingerprint)
    }

    private func checkRoom(for conversion: GGUFConversion, path: String) throws {
        guard let free = OutputFile.freeBytes(for: path), free < conversion.fileByteCount else { return }
        throw CommandError(
            .cannotCreate,
            "\(path): the file takes \(conversion.fileByteCount.byteText), and \(free.byteText) are free there")
    }

    private func makeCompute() throws -> Compute {
        let environment = ProcessInfo.processInfo.environment
        return Compute(
            threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
            instructionSet: try InstructionSet.named(environment[InstructionSet.environmentVariable]))
    }
}

extension WeightForm: ExpressibleByArgument {}

/// What was written.
private struct Report: Sendable {
    let model: String
    let path: String
    let weights: WeightForm
    let conversion: GGUFConversion
    let fingerprint: String
    let sourceFingerprint: String

    func text(json: Bool, elapsed: Duration) -> String {
        let seconds = (elapsed / .seconds(1) * 1000).rounded() / 1000
        if json {
            return
                ([
                    "model": .string(model), "file": .string(path), "weights": .string(weights.rawValue),
                    "tensors": .integer(conversion.tensorCount), "bytes": .integer(conversion.fileByteCount),
                    "source_bytes": .integer(conversion.sourceByteCount), "fingerprint": .string(fingerprint),
                    "source_fingerprint": .string(sourceFingerprint), "seconds": .number(seconds),
                ] as JSONValue).text
        }
        let unblocked = conversion.unblockedCount
        return DisplayText.line(
            "\(path): \(weights.rawValue), \(counted(conversion.tensorCount, "tensor")), "
                + "\(conversion.fileByteCount.byteText), in \(String(format: "%.1f", seconds)) s; fingerprint \(fingerprint)"
                + (unblocked > 0
                    ? "; \(unblocked) stay f32, since their rows aren't whole blocks of \(BlockType.length)" : ""))
    }
}
