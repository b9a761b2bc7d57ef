import Foundation
import Kernels

/// Looks at the machine: whether and how fast the engine can compute on it.
struct MachineCheckup {
    let options: ModelOptions
    let memory: MachineMemory

    var findings: [Finding] {
        [instructions, cores, memoryFinding, hugePages].compactMap(\.self)
    }

    private var instructions: Finding {
        let check = "instructions"
        let forced = ProcessInfo.processInfo.environment[InstructionSet.environmentVariable]
        let names = InstructionSet.available.map(\.name)
        do {
            let set = try InstructionSet.named(forced)
            let others = names.filter { $0 != set.name }.joined(separator: ", ")
            let rest = others.isEmpty ? "" : "; this processor also runs \(others)"
            if let best = names.first, set.name != best {
                return .warning(
                    check, "\(set.name), forced by \(InstructionSet.environmentVariable)\(rest)",
                    advice: "unset \(InstructionSet.environmentVariable) to compute with \(best), which is faster")
            }
            if set.name == "scalar" {
                return .warning(
                    check, "scalar: this processor has none of the vector instructions that the engine knows",
                    advice: "expect a small part of the usual speed; use a processor with AVX2, AVX-512 or NEON")
            }
            return .ok(check, set.name + rest)
        } catch {
            return .problem(
                check, "\(InstructionSet.environmentVariable) names '\(forced ?? "")', which this processor can't run",
                advice: "unset it, or set it to one of: \(names.joined(separator: ", "))")
        }
    }

    private var cores: Finding {
        let (cores, threads) = (ProcessInfo.processInfo.activeProcessorCount, options.threadCount)
        let text = "\(counted(cores, "core")), \(counted(threads, "thread"))"
        guard threads > cores else { return .ok("cores", text) }
        return .warning(
            "cores", "\(text): they would wait for each other at every step", advice: "give --threads \(cores) at most")
    }

    private var memoryFinding: Finding {
        let available = memory.available.map { ", \($0.byteText) available" } ?? ""
        return .ok(
            "memory",
            memory.total.byteText + (memory.isLimited ? " (limit of the container or service)" : "") + available)
    }

    /// Weights and keys are asked for in huge pages, which the kernel may refuse.
    private var hugePages: Finding? {
        let check = "huge pages"
        guard let text = try? String(contentsOfFile: "/sys/kernel/mm/transparent_hugepage/enabled", encoding: .utf8),
            let choice = text.firstMatch(of: /\[(\w+)\]/)
        else { return nil }
        guard choice.1 == "never" else { return .ok(check, "\(choice.1): used for weights, keys and values") }
        return .warning(
            check, "never: the processor spends time on looking up addresses",
            advice: "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled")
    }
}
