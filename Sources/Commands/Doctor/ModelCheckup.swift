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
        } catch let error as CommandError {
            return [.problem("model", error.description, advice: adviceWithoutModel)]
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

    /// Whether weights, keys and values fit the memory that there is.
    private func fit(_ inspection: ModelInspection) -> Finding? {
        // Incomplete weights have a finding of their own.
        guard let stored = try? GPTJWeights(configuration: inspection.configuration, checkpoint: inspection.checkpoint)
        else {
            return nil
        }
        let needed: ModelDemand
        do {
            needed = try ModelDemand(
                stored, files: inspection.checkpoint.files.reduce(0) { $0 + $1.byteCount }, options: options,
                path: inspection.url.path)
        } catch {
            return .problem("memory needed", "\(error)")
        }
        let room = memory.available ?? memory.total
        let others = needed.choices.filter { $0.weights != needed.chosen.weights }.map {
            "\($0.bytes.byteText) with --weights \($0.weights)"
        }
        let text =
            "\(needed.chosen.bytes.byteText) with weights as \(needed.chosen.weights), "
            + "\(needed.chosen.keyValues.byteText) of it for keys and values"
            + (others.isEmpty ? "" : "; \(others.joined(separator: ", "))")
        guard needed.chosen.bytes > room else { return .ok("memory needed", text) }
        let fitting = needed.choices.first { $0.bytes <= room }?.weights
        let advice =
            fitting.map { "give --weights \($0)" }
            ?? "give --weights int4, a smaller --kv-memory or --kv int8, or run it on a machine with more memory"
        return .warning("memory needed", "\(text); there is room for \(room.byteText)", advice: advice)
    }
}
