import Foundation
import JSONText
public import Kernels
import ModelFiles

/// A training's state in one file, which is whole or isn't there: parameters, the optimizer's averages, and how far it
/// is. A training that is continued from it takes the steps that it would have taken.
public struct TrainingCheckpoint: Sendable {
    /// How far a training is.
    public struct Progress: Sendable, Equatable {
        /// Steps taken.
        public var step = 0
        /// The lowest loss on held-out data, and the step that it was seen after.
        public var best: (loss: Double, step: Int)?
        /// What the data are, as their sources tell.
        public var source: String

        public init(source: String) { self.source = source }

        public static func == (a: Progress, b: Progress) -> Bool {
            a.step == b.step && a.best?.loss == b.best?.loss && a.best?.step == b.best?.step && a.source == b.source
        }
    }

    /// - throws: `OutputFileError`.
    public static func save(_ optimizer: any TrainingOptimizer, _ progress: Progress, to path: String) throws {
        let parameters = optimizer.parameters
        let groups = groups(of: optimizer)
        let declarations = groups.flatMap { prefix, _ in
            parameters.entries.map {
                SafetensorsWriter.Declaration(name: prefix + $0.name, shape: $0.shape, type: .float32)
            }
        }
        var metadata = [
            "format": "pt", "step": "\(progress.step)", "optimizer": optimizer.name,
            "optimizer_steps": "\(optimizer.stepCount)", "source": progress.source,
        ]
        if let best = progress.best {
            // Every bit of it: the comparison goes on as if nothing had happened.
            metadata["best_loss"] = "\(best.loss.bitPattern)"
            metadata["best_step"] = "\(best.step)"
        }
        let writer = try SafetensorsWriter(path: path, declarations, metadata: metadata, replaces: true)
        for (_, buffer) in groups {
            for entry in parameters.entries { _ = try writer.write(parameters.matrix(entry, of: buffer)) }
        }
        try writer.finish()
    }

    /// Puts a saved state in force.
    ///
    /// - parameter source: the data's fingerprint, which must be the same as then; `nil` for whatever it was
    /// - throws: `ModelFileError` for a damaged file, ``TrainingError/otherTraining(path:problem:)`` for another network's
    ///   or other data's.
    public static func load(
        _ path: String, into optimizer: any TrainingOptimizer, source: String?, on compute: Compute
    ) throws -> Progress {
        func refusal(_ problem: String) -> TrainingError { .otherTraining(path: path, problem: problem) }
        let file = try Checkpoint.open(file: URL(filePath: path))
        guard let step = file.metadata["step"].flatMap(Int.init), step >= 0,
            let optimizerSteps = file.metadata["optimizer_steps"].flatMap(Int.init), optimizerSteps >= 0
        else { throw refusal("isn't a training's checkpoint") }
        guard file.metadata["optimizer"] == optimizer.name else {
            throw refusal("was made by another optimizer, \(file.metadata["optimizer"] ?? "which it doesn't name")")
        }
        guard source == nil || file.metadata["source"] == source else {
            throw refusal(
                "was made with other data or another order: \(file.metadata["source"] ?? "nothing said") instead of \(source ?? "")"
            )
        }
        let parameters = optimizer.parameters
        for (prefix, buffer) in groups(of: optimizer) {
            for entry in parameters.entries {
                let tensor = try file.tensor(named: prefix + entry.name)
                guard tensor.shape == entry.shape, tensor.type.rowFormat != nil, let matrix = tensor.matrix else {
                    throw refusal("\(entry.name) has shape \(tensor.shape), and is trained as \(entry.shape)")
                }
                matrix.widen(0..<matrix.rows, into: parameters.matrix(entry, of: buffer), on: compute)
            }
        }
        var progress = Progress(source: source ?? file.metadata["source"] ?? "")
        progress.step = step
        optimizer.stepCount = optimizerSteps
        if let bits = file.metadata["best_loss"].flatMap(UInt64.init),
            let best = file.metadata["best_step"].flatMap(Int.init)
        {
            progress.best = (Double(bitPattern: bits), best)
        }
        return progress
    }

    /// All that a training's state consists of, with what stands before the parameters' names.
    private static func groups(of optimizer: any TrainingOptimizer) -> [(prefix: String, values: FloatBuffer)] {
        [("", optimizer.parameters.values)] + optimizer.memories.map { ($0.name + ".", $0.values) }
    }
}
