public import Generation

/// The adapters that a text is generated with, and what its result says of them.
public struct JobAdapters: Sendable {
    public var mix: AdapterMix
    /// Their names and scales: "tales", "tales=0.5,letters".
    public var names: String
    /// Behind the model's fingerprint in `results.model`: "+" and an adapter's own, and its scale where that isn't 1.
    public var fingerprints: String

    public init(mix: AdapterMix, names: String, fingerprints: String) {
        self.mix = mix
        self.names = names
        self.fingerprints = fingerprints
    }

    /// The model as it is.
    public static let none = JobAdapters(mix: .none, names: "", fingerprints: "")
}

/// Finds the adapters that a job names.
public protocol AdapterFinder: Sendable {
    /// - parameter names: names or paths of adapters, each with or without `=scale`, separated by commas; `none`
    /// - throws: ``AdapterProblem``, which is the job's, not the worker's.
    func adapters(named names: String) throws(AdapterProblem) -> JobAdapters
}

/// Why a job can't have its adapters.
public struct AdapterProblem: Error, Sendable, CustomStringConvertible {
    public let description: String
    /// Another try may have them.
    public let isPassing: Bool

    public init(_ description: String, isPassing: Bool) {
        self.description = description
        self.isPassing = isPassing
    }
}
