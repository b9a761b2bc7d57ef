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
        } catch is CommandError {
            return [.problem("model", "none is named", advice: adviceWithoutModel)]
        } catch let error as ModelFileError {
            return [.problem("model", error.description, advice: error.isAboutAbsence ? adviceWithoutModel : nil)]
        } catch {
            return [.problem("model", "\(error)")]
        }
        return [
            model(inspection), weights(inspection), tokenizer(inspection), fit(inspection),
            .ok("fingerprint", inspection.fingerprint),
        ]
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
        return .ok(
            "model",
            "\(inspection.checkpoint.path): \(inspection.parameterCount.grouped) parameters, "
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
        let path = inspection.checkpoint.path
        if case .absent = summary {
            return .problem(
                "tokenizer", "none, so that the model can't read texts",
                advice: "put tokenizer.json, or vocab.json and merges.txt, beside the weights in \(path)")
        }
        let vocabulary = inspection.configuration.vocabularySize
        if let problem = summary.problem(vocabularySize: vocabulary, folder: URL(filePath: path)) {
            return .problem(
                "tokenizer", problem.problem, advice: "download the tokenizer that belongs to the model")
        }
        return .ok("tokenizer", summary.text)
    }

    // MARK: - Memory

    private func fit(_ inspection: ModelInspection) -> Finding {
        let network = inspection.configuration
        let stored = inspection.checkpoint.files.reduce(0) { $0 + $1.byteCount }
        let keyValues = GPTJModel.bytesPerToken(network, options.kv.type) * options.tokenCapacity(network)
        func demand(_ quantization: Quantization?) -> Int {
            (quantization.map { network.weightBytes(quantization: $0) } ?? stored) + keyValues
        }
        let wanted = demand(options.weights.quantization)
        let room = memory.available ?? memory.total
        let others = ModelOptions.WeightType.allCases.map { "\($0) \(demand($0.quantization).byteText)" }
        let text =
            "\(wanted.byteText) as --weights \(options.weights), \(keyValues.byteText) of it for keys and values "
            + "(\(options.kv)); in all by --weights: \(others.joined(separator: ", "))"
        guard wanted > room else { return .ok("fits memory", text) }
        let fitting = ModelOptions.WeightType.allCases.first { demand($0.quantization) <= room }
        let advice =
            fitting.map { "give --weights \($0)" }
            ?? "give --weights int4 --kv int8, a smaller --kv-memory, or more memory"
        return .warning("fits memory", "\(text); there is room for \(room.byteText)", advice: advice)
    }
}
