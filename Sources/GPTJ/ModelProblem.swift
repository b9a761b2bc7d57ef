import ModelFiles

/// A thing that is wrong with a model's files.
public struct ModelProblem: Sendable, Equatable, CustomStringConvertible {
    public let path: String
    /// `nil` for what is wrong with the file as a whole.
    public let tensor: String?
    /// What was expected, and what was found.
    public let problem: String

    public init(path: String, tensor: String? = nil, problem: String) {
        self.path = path
        self.tensor = tensor
        self.problem = problem
    }

    public var description: String {
        "\(path): \(tensor.map { "tensor \($0.quoted): " } ?? "")\(problem)"
    }
}
