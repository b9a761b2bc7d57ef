import Foundation
import JSONText
import JobCatalog
import Training

/// Reads a training's stages from YAML:
///
/// ```yaml
/// stages:
///   - name: copying
///     steps: 2000
///     rate: 0.003                 # of AdamW; by default the command's
///     matrix-rate: 0.02           # of Muon's matrices
///     length: 256                 # tokens of a window; by default the command's
///     data:                       # files, and how often their windows come
///       copy.tokens: 0.6
///       text.tokens: 0.4
/// ```
///
/// Files are looked for beside the plan, unless `--data` names one so.
struct TrainingPlanFile {
    private(set) var files: [DataArgument]
    private(set) var stages: [TrainingStage] = []
    private let path: String
    private static let fields = ["name", "steps", "rate", "matrix-rate", "length", "data"]

    /// - parameters:
    ///   - files: those that the command names; the plan's own are added
    ///   - rates, length: of stages that don't say
    /// - throws: ``CommandError`` (66), (78); `JobCatalogError` for what isn't YAML.
    init(path: String, files: [DataArgument], rates: LearningRates, length: Int) throws {
        self.path = path
        self.files = files
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError(.noInput, "\(path): there is no such file, or it can't be read")
        }
        let root = try DefinitionNode.parse([UInt8](data), file: path)
        guard case .map(let entries) = root.content, entries.count == 1, entries[0].key == "stages",
            case .list(let nodes) = entries[0].value.content, !nodes.isEmpty
        else { throw problem(root.line, "expected 'stages:' with a list of at least one stage, and nothing else") }
        var weights: [[Int: Double]] = []
        for (index, node) in nodes.enumerated() {
            let (stage, shares) = try stage(node, number: index + 1, rates: rates, length: length)
            stages.append(stage)
            weights.append(shares)
        }
        for index in stages.indices {
            stages[index].weights = self.files.indices.map { weights[index][$0] ?? 0 }
        }
    }

    private mutating func stage(
        _ node: DefinitionNode, number: Int, rates: LearningRates, length: Int
    ) throws -> (TrainingStage, [Int: Double]) {
        guard case .map(let entries) = node.content else {
            throw problem(node.line, "stage \(number): expected fields, each with a name and a colon")
        }
        var stage = TrainingStage(name: "stage \(number)", steps: 0, rates: rates, length: length, weights: [])
        var weights: [Int: Double] = [:]
        for entry in entries {
            switch entry.key {
            case "name": stage.name = try text(entry)
            case "steps": stage.steps = try whole(entry, 1...1_000_000_000)
            case "length": stage.length = try whole(entry, 2...1 << 20)
            case "rate": stage.rates.rate = try rate(entry)
            case "matrix-rate": stage.rates.matrixRate = try rate(entry)
            case "data": weights = try data(entry)
            default:
                throw problem(
                    entry.line,
                    "there is no field '\(entry.key)'; a stage has \(Self.fields.joined(separator: ", "))")
            }
        }
        guard stage.steps > 0 else { throw problem(node.line, "stage \(number) has no 'steps'") }
        guard weights.values.contains(where: { $0 > 0 }) else {
            throw problem(node.line, "stage \(number) has no 'data' with a weight above 0")
        }
        return (stage, weights)
    }

    private mutating func data(_ entry: DefinitionNode.Entry) throws -> [Int: Double] {
        guard case .map(let entries) = entry.value.content else {
            throw problem(entry.line, "'data' must have files with their weights, such as 'text.tokens: 0.5'")
        }
        var weights: [Int: Double] = [:]
        for entry in entries {
            guard let weight = number(entry), (0...1e9).contains(weight) else {
                throw problem(entry.line, "the weight of '\(entry.key)' must be a number from 0 up")
            }
            weights[place(of: entry.key)] = weight
        }
        return weights
    }

    /// The file of that name among those that are known; else it's a new one.
    private mutating func place(of name: String) -> Int {
        let known = files.firstIndex { file in
            let last = URL(filePath: file.path).lastPathComponent
            return file.path == name || last == name || last == name + ".tokens"
        }
        if let known { return known }
        let beside = URL(filePath: name, relativeTo: URL(filePath: path).deletingLastPathComponent()).path
        if let index = files.firstIndex(where: { $0.path == beside }) { return index }
        files.append(DataArgument(path: beside))
        return files.count - 1
    }

    private func text(_ entry: DefinitionNode.Entry) throws -> String {
        guard case .scalar(let text, _) = entry.value.content else {
            throw problem(entry.line, "'\(entry.key)' must be a text")
        }
        return text
    }

    private func whole(_ entry: DefinitionNode.Entry, _ range: ClosedRange<Int>) throws -> Int {
        guard case .integer(let number) = entry.value.value, range.contains(number) else {
            throw problem(
                entry.line, "'\(entry.key)' must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private func rate(_ entry: DefinitionNode.Entry) throws -> Double {
        guard let rate = number(entry), (0...10).contains(rate) else {
            throw problem(entry.line, "'\(entry.key)' must be a number from 0 to 10")
        }
        return rate
    }

    private func number(_ entry: DefinitionNode.Entry) -> Double? {
        switch entry.value.value {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    private func problem(_ line: Int, _ text: String) -> CommandError {
        CommandError(.configuration, "\(path): line \(line): \(text)")
    }
}
