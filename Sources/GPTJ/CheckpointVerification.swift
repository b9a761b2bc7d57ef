public import Kernels
public import ModelFiles

/// A check of all weights of a checkpoint: that every tensor is there, of the right shape and type, and finite.
///
/// Unlike loading, which ends at the first mistake, it collects them all. Every weight is read, in bounded memory.
public struct CheckpointVerification: Sendable {
    /// How far reading has come.
    public struct Progress: Sendable {
        public let readByteCount: Int
        public let totalByteCount: Int
    }

    public let problems: [ModelProblem]
    /// Tensors that the configuration demands.
    public let demandedCount: Int
    /// Tensors of them that were read.
    public let readCount: Int
    public let readByteCount: Int
    /// What all of their numbers have in common.
    public let values: ValueSurvey
    /// Names of saved constants that loading passes over.
    public let buffers: [String]
    /// Names of tensors that the network has no use for.
    public let unexpected: [String]

    /// - parameter progress: called every few MiB; what it throws ends the check.
    public init(
        layout: CheckpointLayout, checkpoint: Checkpoint, progress: (Progress) throws -> Void
    ) rethrows {
        let findings = layout.compare(with: checkpoint)
        var problems = findings.problems
        // In the order of the files, as a disk likes it best.
        let names = Set(findings.tensors.values.map(\.name))
        let tensors = checkpoint.names.filter(names.contains).compactMap { checkpoint.tensors[$0] }
        let total = tensors.reduce(0) { $0 + $1.byteCount }
        var read = 0
        var values = ValueSurvey()
        for tensor in tensors {
            let survey = try tensor.survey { byteCount in
                try progress(Progress(readByteCount: read + byteCount, totalByteCount: total))
            }
            read += tensor.byteCount
            guard let survey else { continue }
            values.formUnion(survey)
            if !survey.isFinite { problems.append(ModelProblem(tensor, survey)) }
            try progress(Progress(readByteCount: read, totalByteCount: total))
        }
        self.problems = problems
        demandedCount = layout.entries.count
        readCount = tensors.count
        readByteCount = read
        self.values = values
        buffers = findings.buffers
        unexpected = findings.unexpected
    }
}

extension ModelProblem {
    /// Numbers that no network can have.
    fileprivate init(_ tensor: StoredTensor, _ survey: ValueSurvey) {
        let found = [(survey.nanCount, "NaN"), (survey.infinityCount, "infinite")].filter { $0.0 > 0 }
            .map { "\($0.0) \($0.1)" }.joined(separator: " and ")
        self.init(
            path: tensor.path, tensor: tensor.name,
            problem: "expected finite numbers, found \(found) among \(survey.count)")
    }
}
