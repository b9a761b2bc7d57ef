import ArgumentParser
import Foundation
import Training

/// A file of tokens as the command line names it: `FILE`, `FILE=weight` or `FILE=weight,packed`.
struct DataArgument: ExpressibleByArgument, Equatable {
    var path: String
    /// How often its windows come, beside the others; `nil` where it isn't said.
    var weight: Double?
    /// `nil` for what suits the file.
    var form: WindowForm?

    init(path: String, weight: Double? = nil, form: WindowForm? = nil) {
        self.path = path
        self.weight = weight
        self.form = form
    }

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        guard let sign = argument.lastIndex(of: "="), sign > argument.startIndex else {
            self.init(path: argument)
            return
        }
        self.init(path: String(argument[..<sign]))
        for part in argument[argument.index(after: sign)...].split(separator: ",", omittingEmptySubsequences: false) {
            if let form = WindowForm(rawValue: String(part)), self.form == nil {
                self.form = form
            } else if let weight = Double(part), weight >= 0, weight.isFinite, self.weight == nil {
                self.weight = weight
            } else {
                return nil
            }
        }
    }
}

/// Some steps of a training with data and rates of their own.
struct TrainingStage: Equatable {
    var name: String
    var steps: Int
    var rates: LearningRates
    /// Tokens of a window.
    var length: Int
    /// By file, in the files' order; `nil` for as often as a file has windows.
    var weights: [Double?]
}

/// The files that a training reads, opened and checked, and the sources made of them.
struct TrainingData {
    let files: [TokenFile]
    private let forms: [WindowForm?]

    /// - throws: ``CommandError`` for files of another tokenizer; `TrainingError`, `MappedFileError`.
    init(_ arguments: [DataArgument], fingerprint: String, tokenizer: String) throws {
        files = try arguments.map { argument in
            let file = try TokenFile(opening: argument.path)
            guard file.summary.tokenizer == fingerprint else {
                throw CommandError(
                    .badData,
                    "\(argument.path): was made with another tokenizer than \(tokenizer); "
                        + "make it again by 'nightshift train prepare --tokenizer \(tokenizer)'")
            }
            return file
        }
        forms = arguments.map(\.form)
    }

    /// The windows of all stages, one after the other.
    func mixed(_ stages: [TrainingStage], windowsPerStep: Int, seed: UInt64) throws -> MixedSource {
        var sources: [any TrainingSource] = []
        var places: [[Int]: Int] = [:]
        var mixedStages: [(count: Int, weights: [Int: Double])] = []
        for stage in stages {
            var weights: [Int: Double] = [:]
            for (index, file) in files.enumerated() {
                let weight = stage.weights[index]
                if weight == 0 { continue }
                let key = [index, stage.length]
                let place = places[key] ?? sources.count
                if place == sources.count {
                    sources.append(try file.source(forms[index], length: stage.length, seed: seed &+ UInt64(index)))
                    places[key] = place
                }
                weights[place] = weight ?? Double(sources[place].windowsPerEpoch)
            }
            mixedStages.append((stage.steps * windowsPerStep, weights))
        }
        return MixedSource(
            sources,
            stages: mixedStages.map { stage in
                MixedSource.Stage(
                    windowCount: stage.count, weights: sources.indices.map { stage.weights[$0] ?? 0 })
            })
    }

    /// Each file by itself, for held-out data.
    func separate(length: Int, seed: UInt64) throws -> [any TrainingSource] {
        try zip(files, forms).map { file, form in
            // Of little text all is one window.
            try file.source(form, length: min(length, max(2, file.summary.tokenCount)), seed: seed)
        }
    }
}

extension TokenFile {
    /// - throws: `TrainingError` for a file that isn't there or isn't one.
    init(opening path: String) throws {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw TrainingError.unreadable(path: path, problem: "there is no such file, or it can't be read")
        }
        try self.init(path: path)
    }
}
