import ArgumentParser
import Documents
import Evaluation
import Foundation
import GPTJ
import Generation
import JobCatalog
import JobStore
import Kernels
import ModelFiles
import Tokenization
import Training
import Worker

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
        case let error as AdapterShelfError:
            (status, message) = (.unavailable, error.description)
        case let error as OutputFileError:
            (status, message) = (error.exitStatus, error.message)
        case let error as TokenizerError:
            (status, message) = (.badData, error.description)
        case let error as InstructionSetError:
            (status, message) = (.unavailable, error.description)
        case let error as GenerationError:
            (status, message) = (.badData, error.description)
        case let error as JobStoreError:
            (status, message) = (error.exitStatus, error.description)
        case let error as JobCatalogError:
            (status, message) = (error.exitStatus, error.description)
        case let error as WorkerError:
            (status, message) = (error.exitStatus, error.description)
        case let error as DocumentError:
            (status, message) = (error.exitStatus, error.description)
        case let error as EvaluationError:
            (status, message) = (error.isAboutAbsence ? .noInput : .badData, error.description)
        case let error as TranscriptProblem:
            (status, message) = (.badData, error.description)
        case let error as TrainingError:
            (status, message) = (error.exitStatus, error.description)
        case let error as OpenBLASError:
            (status, message) = (.unavailable, error.description)
        case let error as CocoaError:
            (status, message) = (.ioError, error.localizedDescription)
        default:
            // The parser knows its own errors, of which some have no public type; all others fail plainly.
            guard Nightshift.exitCode(for: error) == .failure, !(error is ExitCode) else { return nil }
            (status, message) = (
                .software,
                "\(error.localizedDescription). This is a fault of nightshift; please report it with what you typed"
            )
        }
    }
}

extension OutputFileError {
    var exitStatus: ExitStatus {
        switch self {
        case .exists: .cannotCreate
        case .system(_, _, let code) where [EACCES, EPERM, EROFS].contains(code): .noPermission
        case .system(_, _, let code) where [ENOENT, ENOTDIR, EISDIR].contains(code): .cannotCreate
        case .system: .ioError
        }
    }

    var message: String {
        switch self {
        case .exists(let path): "\(path): is there already; --force replaces it"
        case .system(let path, let operation, let code):
            "\(path): can't \(operation): \(String(cString: strerror(code)))"
        }
    }
}

extension JobStoreError {
    var exitStatus: ExitStatus {
        switch self {
        case .notFound, .unknownQueue: .noInput
        case .cannotOpen: .cannotCreate
        case .notWritable: .noPermission
        case .notADatabase, .foreignDatabase, .newerSchema, .changedMigration, .damagedSchema, .networkFileSystem:
            .configuration
        case .sqliteTooOld: .unavailable
        case .busy, .occupied: .temporary
        case .diskFull, .corrupt, .inputOutput, .sqlite, .fileGone: .ioError
        case .refusedJob, .refusedSchedule, .duplicateCustomID, .nulCharacter, .optionsNotAnObject, .constraint,
            .refusedShard:
            .badData
        }
    }
}

extension TrainingError {
    var exitStatus: ExitStatus {
        switch self {
        case .unreadable: .noInput
        case .malformedTokens, .malformedText, .tooLittleText, .diverged: .badData
        case .otherTraining: .configuration
        }
    }
}

extension WorkerError {
    var exitStatus: ExitStatus {
        switch self {
        case .engineStuck: .software
        }
    }
}

extension JobCatalogError {
    var exitStatus: ExitStatus {
        switch self {
        case .unreadable: .noInput
        case .invalidYAML, .invalidDefinition, .template, .storedTemplate: .configuration
        case .unknownKind, .noTemplate, .missingInput, .unexpectedInput, .unknownOption, .optionValue, .constraint,
            .optionArgument, .noConversation:
            .usage
        case .optionsNotAnObject, .transcript: .badData
        }
    }
}

extension DocumentError {
    var exitStatus: ExitStatus {
        switch self {
        case .notFound, .noMatch, .nothingInFolder: .noInput
        case .noPermission: .noPermission
        case .folder, .notAFile, .tooLarge, .tooMuchText, .unsupportedFormat, .binary, .unknownEncoding, .empty,
            .noText, .damaged, .hostile, .protected, .converterFailed, .several, .column, .row:
            .badData
        case .noConverter: .unavailable
        case .changing: .temporary
        case .unreadable: .ioError
        }
    }
}
