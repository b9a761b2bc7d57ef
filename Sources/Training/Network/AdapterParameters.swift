public import GPTJ
public import Kernels
public import ModelFiles

/// The matrices of a LoRA adapter (Hu et al. 2021) as parameters, under `peft`'s names.
public struct AdapterParameters: Sendable {
    /// The modules that are changed, by their full names, and what each change is multiplied by.
    public let scales: [(module: String, scale: Double)]
    public let parameters: ParameterSet

    init(scales: [(module: String, scale: Double)], parameters: ParameterSet) {
        self.scales = scales
        self.parameters = parameters
    }

    /// A saved adapter, to be trained on.
    ///
    /// - throws: `ModelFileError` for a module that the network doesn't have, or of other lengths.
    public init(_ adapter: Adapter, for configuration: GPTJConfiguration, on compute: Compute) throws {
        let shapes = Self.moduleShapes(of: configuration)
        for change in adapter.changes {
            let (outputs, inputs) = (change.b.shape[0], change.a.shape[1])
            guard let shape = shapes[change.module], shape == [outputs, inputs] else {
                throw ModelFileError.tensor(
                    path: change.a.path, tensor: change.a.name,
                    expected: shapes[change.module].map { "a change of \($0)" } ?? "a module of this network",
                    found: "a change of [\(outputs), \(inputs)] of \(change.module)")
            }
        }
        scales = adapter.changes.map { ($0.module, $0.scale) }
        parameters = ParameterSet(
            adapter.changes.flatMap { change in
                [
                    (Adapter.tensorName(module: change.module, isA: true), change.a.shape),
                    (Adapter.tensorName(module: change.module, isA: false), change.b.shape),
                ]
            })
        for change in adapter.changes {
            for (tensor, isA) in [(change.a, true), (change.b, false)] {
                guard let entry = parameters[Adapter.tensorName(module: change.module, isA: isA)],
                    let matrix = tensor.matrix
                else { preconditionFailure("the adapter was checked") }
                matrix.widen(0..<matrix.rows, into: parameters.matrix(entry, of: parameters.values), on: compute)
            }
        }
    }

    /// The matrices that an adapter may change, `[out, in]` by their modules' full names.
    static func moduleShapes(of configuration: GPTJConfiguration) -> [String: [Int]] {
        var shapes: [String: [Int]] = [:]
        for entry in CheckpointLayout(configuration).entries where entry.shape.count == 2 {
            guard entry.name.hasPrefix("transformer.h."), entry.name.hasSuffix(".weight") else { continue }
            shapes[String(entry.name.dropLast(".weight".count))] = entry.shape
        }
        return shapes
    }

    /// One module's change as the network uses it; `nil` where it stays as it is.
    func change(of module: String) -> LowRankChange? {
        guard let scale = scales.first(where: { $0.module == module })?.scale else { return nil }
        return LowRankChange(
            a: parameters.parameter(Adapter.tensorName(module: module, isA: true)),
            b: parameters.parameter(Adapter.tensorName(module: module, isA: false)), scale: Float(scale))
    }
}
