import GPTJ
import Generation
import Kernels
import ModelFiles
import Tokenization

/// What an error means to whoever called the command: a message and an exit code.
struct Failure {
    let status: ExitStatus
    let message: String

    /// `nil` for errors of the argument parser, which has its own texts and codes.
    init?(_ error: any Error) {
        switch error {
        case let error as CommandError:
            (status, message) = (error.status, error.description)
        case let error as ModelFileError:
            (status, message) = (error.isAboutAbsence ? .noInput : .badData, error.description)
        case let error as TokenizerError:
            (status, message) = (.badData, error.description)
        case let error as InstructionSetError:
            (status, message) = (.unavailable, error.description)
        case let error as GenerationError:
            (status, message) = (.badData, error.description)
        default:
            return nil
        }
    }
}
