import Foundation

/// What a proof has tried and what it has found, printed as it comes.
package final class ProofReport {
    /// What broke a promise; the first of them are printed.
    package private(set) var findings: [String] = []
    private let print: (String) -> Void
    private static let printedFindings = 20

    package init(print: @escaping (String) -> Void = ProofReport.standardOutput) { self.print = print }

    /// Lines that are there at once, also in a file.
    package static func standardOutput(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    func note(_ line: String) { print(line) }

    func find(_ finding: String) {
        findings.append(finding)
        if findings.count <= Self.printedFindings { print("FOUND: \(finding)") }
    }

    /// Says what was found where `isSo` isn't.
    func expect(_ isSo: Bool, _ finding: @autoclosure () -> String) { if !isSo { find(finding()) } }

    /// The last line; returns whether all is well.
    package func conclude(_ proof: String) -> Bool {
        print(findings.isEmpty ? "\(proof): nothing was lost" : "\(proof): \(findings.count) findings")
        return findings.isEmpty
    }
}

/// Spread of measured times, in milliseconds.
struct Spread {
    private let sorted: [Double]

    init(_ values: [Double]) { sorted = values.sorted() }

    var isEmpty: Bool { sorted.isEmpty }

    func share(_ share: Double) -> Double {
        sorted.isEmpty ? 0 : sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
    }

    var text: String {
        func rounded(_ value: Double) -> String { String(format: "%.1f", value) }
        return "p50 \(rounded(share(0.5))) ms, p99 \(rounded(share(0.99))) ms, most \(rounded(share(1))) ms"
    }
}
