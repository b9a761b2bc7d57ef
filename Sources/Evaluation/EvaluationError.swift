/// What is wrong with a file of texts or predictions, and where.
public enum EvaluationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is nothing by this name, or it can't be read.
    case unreadable(path: String, problem: String)
    /// A file as a whole.
    case file(path: String, problem: String)
    /// A line, counted from 1.
    case line(path: String, line: Int, problem: String)
    /// An entry of a list, counted from 0 as MLPerf's files count.
    case entry(path: String, index: Int, problem: String)

    /// Whether there is no such file, or none that can be read.
    public var isAboutAbsence: Bool {
        if case .unreadable = self { true } else { false }
    }

    public var description: String {
        switch self {
        case .unreadable(let path, let problem), .file(let path, let problem): "\(path): \(problem)"
        case .line(let path, let line, let problem): "\(path):\(line): \(problem)"
        case .entry(let path, let index, let problem): "\(path): entry \(index): \(problem)"
        }
    }
}
