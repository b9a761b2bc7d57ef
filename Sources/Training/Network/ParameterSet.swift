public import GPTJ
public import Kernels

/// Numbers that training changes, under the checkpoint's names, with room for their gradients.
///
/// All values lie in one buffer, all gradients in another, in the same order: what is done to every parameter alike is
/// done in one go.
public final class ParameterSet: Sendable {
    /// One parameter's name, shape and place.
    public struct Entry: Sendable, Equatable {
        public let name: String
        /// `[out, in]` for a matrix.
        public let shape: [Int]
        /// Where its elements lie in ``ParameterSet/values`` and ``ParameterSet/gradients``.
        public let range: Range<Int>

        /// Whether it's a matrix: vectors aren't decayed by usual recipes.
        public var isMatrix: Bool { shape.count == 2 }
    }

    public let entries: [Entry]
    public let values: FloatBuffer
    public let gradients: FloatBuffer
    private let indices: [String: Int]

    /// Parameters that are zero.
    ///
    /// - precondition: names occur once, shapes have one axis or two.
    public init(_ shapes: [(name: String, shape: [Int])]) {
        var entries: [Entry] = []
        var indices: [String: Int] = [:]
        var count = 0
        for (name, shape) in shapes {
            precondition(indices[name] == nil && (1...2).contains(shape.count), "\(name) \(shape)")
            let length = shape.reduce(1, *)
            indices[name] = entries.count
            entries.append(Entry(name: name, shape: shape, range: count..<count + length))
            count += length
        }
        self.entries = entries
        self.indices = indices
        values = FloatBuffer(count: count)
        gradients = FloatBuffer(count: count)
    }

    /// All parameters of a network.
    public convenience init(_ configuration: GPTJConfiguration) {
        self.init(CheckpointLayout(configuration).entries.map { ($0.name, $0.shape) })
    }

    /// Numbers of all parameters.
    public var count: Int { values.count }

    public subscript(name: String) -> Entry? { indices[name].map { entries[$0] } }

    /// A parameter as the network uses it.
    ///
    /// - precondition: there is one of that name.
    func parameter(_ name: String) -> Parameter {
        guard let entry = self[name] else { preconditionFailure("there is no parameter \(name)") }
        return Parameter(
            values: matrix(entry, of: values), gradient: matrix(entry, of: gradients))
    }

    /// An entry's part of a buffer in this order, `[out, in]`; a vector is one row.
    public func matrix(_ entry: Entry, of buffer: FloatBuffer) -> FloatMatrix {
        let columns = entry.shape.last ?? 1
        return FloatMatrix(
            buffer, offset: entry.range.lowerBound, rows: entry.range.count / max(columns, 1), columns: columns)
    }
}

/// Numbers that the network computes with: trained where they have a gradient, else constant.
struct Parameter: Sendable {
    let values: FloatMatrix
    let gradient: FloatMatrix?
}
