import Foundation
import Kernels

extension ParameterSet {
    /// Sets a network's parameters as a training from scratch begins: matrices drawn from a normal distribution of
    /// deviation 0.02 (Radford et al. 2019), those that add to the residual stream from one narrower by the square root of
    /// their number, scales 1, biases 0.
    public func initialize(seed: UInt64) {
        let outputs = entries.count { isResidualOutput($0) }
        for (index, entry) in entries.enumerated() {
            if entry.isMatrix {
                var random = CountingGenerator(seed: seed, stream: UInt64(index))
                let deviation = isResidualOutput(entry) ? 0.02 / Double(max(outputs, 1)).squareRoot() : 0.02
                for place in entry.range { values[place] = Float(deviation * normal(&random)) }
            } else {
                let isScale = entry.name.hasSuffix(".weight")
                for place in entry.range { values[place] = isScale ? 1 : 0 }
            }
        }
    }

    private func isResidualOutput(_ entry: Entry) -> Bool {
        entry.isMatrix && (entry.name.hasSuffix(".out_proj.weight") || entry.name.hasSuffix(".fc_out.weight"))
    }

    /// A draw from the standard normal distribution (Box and Muller 1958).
    private func normal(_ random: inout CountingGenerator) -> Double {
        let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &random))).squareRoot()
        return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &random))
    }
}
