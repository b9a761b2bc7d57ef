/// What can be wrong with what training is given, or with how it goes.
public enum TrainingError: Error, Equatable, Sendable {
    /// A file can't be read.
    case unreadable(path: String, problem: String)
    /// A file of tokens isn't one, or isn't whole.
    case malformedTokens(path: String, problem: String)
    /// A file of texts holds a line that can't be used. `line` counts from 1.
    case malformedText(path: String, line: Int, problem: String)
    /// There is too little text to train on.
    case tooLittleText(problem: String)
    /// A checkpoint doesn't belong to what is being trained.
    case otherTraining(path: String, problem: String)
    /// The loss isn't a number any more.
    case diverged(step: Int)
}

extension TrainingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let path, let problem), .malformedTokens(let path, let problem): "\(path): \(problem)"
        case .malformedText(let path, let line, let problem): "\(path): line \(line): \(problem)"
        case .tooLittleText(let problem): problem
        case .otherTraining(let path, let problem): "\(path): \(problem)"
        case .diverged(let step):
            "the loss is no number any more at step \(step): the rate is too high. With a lower --rate the same words go on from the "
                + "last checkpoint; another --output begins afresh"
        }
    }
}
