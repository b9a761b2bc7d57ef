import Foundation
import GPTJ
import Kernels
import ModelFiles

/// Looks at the model: whether it is there and whole, without reading its weights, and whether it fits into memory.
struct ModelCheckup {
    let options: ModelOptions
    let memory: MachineMemory

    var findings: [Finding] {
        let inspection: ModelInspection
        do {
            inspection = try ModelInspection(options.locate())
        } catch let error as ModelFileError {
            return [.problem("model", error.description, advice: error.isAboutAbsence ? adviceWithoutModel : nil)]
        } catch {
            return [.problem("model", "\(error)")]
        }
        return [
            model(inspection), weights(inspection), tokenizer(inspection), fit(inspection),
            .ok("fingerprint", inspection.fingerprint),
        ].compactMap(\.self)
    }

    private var adviceWithoutModel: String {
        let locator = ModelLocator(environment: ProcessInfo.processInfo.environment)
        if let name = locator.names.first {
            return "name one: --model \(ShellText.quoted(name)), or set NIGHTSHIFT_MODEL to it"
        }
        let folder = locator.modelsFolder.map { ", below \($0.path) to call it by its name" } ?? ""
        return "download a GPT-J from HuggingFace, such as EleutherAI/gpt-j-6b, into a folder\(folder), and give "
            + "--model FOLDER or set NIGHTSHIFT_MODEL"
    }

    private func model(_ inspection: ModelInspection) -> Finding {
        let network = inspection.configuration
        let name = inspection.isBuiltIn ? "\(LocatedModel.builtInName), inside the executable" : inspection.url.path
        return .ok(
            "model",
            "\(name): \(inspection.parameterCount.grouped) parameters, "
                + "\(network.layerCount) layers, context of \(network.contextLength.grouped) tokens")
    }

    private func weights(_ inspection: ModelInspection) -> Finding {
        let problems = inspection.findings.problems
        guard let first = problems.first else {
            let types = inspection.types.map { "\($0.type.rawValue) \($0.byteCount.byteText)" }.joined(separator: ", ")
            return .ok("weights", "\(inspection.checkpoint.form.rawValue), complete: \(types)")
        }
        return .problem(
            "weights",
            "\(counted(problems.count, "tensor")) missing or wrong, first \(first.tensor ?? first.path): \(first.problem)",
            advice: "download the model again; 'nightshift model verify' lists all that is wrong")
    }

    private func tokenizer(_ inspection: ModelInspection) -> Finding {
        let summary = inspection.tokenizer
        let url = inspection.url
        if case .absent = summary {
            return .problem(
                "tokenizer", "none, so that the model can't read texts",
                advice: "put tokenizer.json, or vocab.json and merges.txt, beside the weights it was downloaded with")
        }
        let vocabulary = inspection.configuration.vocabularySize
        if let problem = summary.problem(vocabularySize: vocabulary, url: url) {
            return .problem(
                "tokenizer", problem.problem, advice: "download the tokenizer that belongs to the model")
        }
        return .ok("tokenizer", summary.text)
    }

    // MARK: - Memory

    /// Weights as they will be held, and keys and values; mapped files count, since weights that don't stay in memory are
    /// read from the disk for every token.
    private func fit(_ inspection: ModelInspection) -> Finding? {
        let network = inspection.configuration
        // Incomplete weights have a finding of their own.
        guard let stored = try? GPTJWeights(configuration: network, checkpoint: inspection.checkpoint) else {
            return nil
        }
        let fileBytes = inspection.checkpoint.files.reduce(0) { $0 + $1.byteCount }
        func keyValues(_ type: ModelOptions.WeightType) -> Int {
            options.keyValueBytes(network, beside: type.quantization)
        }
        func demand(_ type: ModelOptions.WeightType) -> Int {
            let isPacking = stored.quantization == nil
            let packed = type.quantization.flatMap { isPacking ? network.weightBytes(quantization: $0) : nil }
            return (packed ?? fileBytes) + keyValues(type)
        }
        let type: ModelOptions.WeightType
        do {
            type = try LoadedModel.type(requested: options.weights, stored: stored, path: inspection.url.path)
        } catch {
            return .problem("memory needed", "\(error)")
        }
        let room = memory.available ?? memory.total
        let choices = stored.quantization == nil ? ModelOptions.WeightType.allCases : [type]
        let others = choices.filter { $0 != type }.map { "\(demand($0).byteText) with --weights \($0)" }
        let text =
            "\(demand(type).byteText) with weights as \(type), \(keyValues(type).byteText) of it for keys and values"
            + (others.isEmpty ? "" : "; \(others.joined(separator: ", "))")
        guard demand(type) > room else { return .ok("memory needed", text) }
        let fitting = choices.first { demand($0) <= room }
        let advice =
            fitting.map { "give --weights \($0)" }
            ?? "give --weights int4, a smaller --kv-memory or --kv int8, or run it on a machine with more memory"
        return .warning("memory needed", "\(text); there is room for \(room.byteText)", advice: advice)
    }
}
