/// Weights that change a model's own for some of the sequences of a step. What they are is the model's affair.
public protocol AdapterWeights: AnyObject, Sendable {
    /// Two of the same digest change a model in the same way.
    var digest: String { get }
}

/// The adapters that a text is generated with, each with a scale; their changes add up, in this order.
///
/// Keys and values are computed with them, so that two sequences share any only where their mixes are equal.
public struct AdapterMix: Sendable {
    public struct Entry: Sendable {
        public let weights: any AdapterWeights
        /// What the adapter's change is multiplied by; 1 is the adapter as it was trained.
        public let scale: Float

        public init(_ weights: any AdapterWeights, scale: Float = 1) {
            self.weights = weights
            self.scale = scale
        }
    }

    public let entries: [Entry]

    public init(_ entries: [Entry]) {
        precondition(entries.allSatisfy { $0.scale.isFinite })
        self.entries = entries
    }

    /// The model as it is.
    public static let none = AdapterMix([])

    public var isEmpty: Bool { entries.isEmpty }
}

/// What makes two mixes the same; holds no weights.
package struct AdapterKey: Hashable, Sendable {
    private struct Entry: Hashable {
        let digest: String
        let scale: Float
    }

    private let entries: [Entry]

    package init(_ mix: AdapterMix) { entries = mix.entries.map { Entry(digest: $0.weights.digest, scale: $0.scale) } }
}
