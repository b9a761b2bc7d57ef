import ArgumentParser
import Foundation
import ModelFiles

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

struct StageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage",
        abstract: "Copy a model to this machine's own disk, once, and print where it is.",
        discussion: """
            For machines that share a slow disk. However many processes ask for the same model at once, one copies it and \
            the others wait. A copy appears under its name when it is whole and has the model's fingerprint; one that is \
            there already is used if all of its files have the sizes of the model's. Nothing is ever removed.

            EXAMPLES
              nightshift work --model "$(nightshift model stage /shared/gpt-j-6b --to /local/models)"
            """)

    @OptionGroup var argument: ModelArgument

    @Option(help: ArgumentHelp("The folder on this machine's disk.", valueName: "folder"), completion: .directory)
    var to: String

    func run() async throws {
        let model = try argument.locate()
        // The one in the executable is there already.
        guard model != .builtIn else { return try Console.print(LocatedModel.builtInName) }
        let fingerprint = try model.checkpoint().fingerprint
        let stage = try ModelStage(model, fingerprint: fingerprint, folder: to)
        let size = stage.byteCount
        if try stage.copyIfMissing(announce: { Console.noteForeign("copying \(size.byteText) to \(stage.destination)") }
        ) {
            Console.noteForeign("copied \(size.byteText) to \(stage.destination)")
        }
        try Console.printForeign(stage.model)
    }
}

/// A model's files and their copy on a machine's own disk, which is named by the model's fingerprint.
struct ModelStage {
    /// The folder of the copy.
    let destination: String
    /// What `--model` is to name.
    let model: String
    let byteCount: Int
    private let folder: String
    private let files: [(source: URL, name: String, bytes: Int)]
    private let fingerprint: String

    init(_ located: LocatedModel, fingerprint: String, folder: String) throws {
        self.folder = URL(filePath: folder).standardizedFileURL.path(percentEncoded: false)
        self.fingerprint = fingerprint
        let destination = URL(filePath: folder).standardizedFileURL.appending(path: "\(located.name)-\(fingerprint)")
            .path(percentEncoded: false)
        self.destination = destination
        let sources: [URL]
        if let gguf = located.gguf {
            sources = [gguf]
            model = destination + "/" + gguf.lastPathComponent
        } else {
            let keys: Set<URLResourceKey> = [.isRegularFileKey, .isSymbolicLinkKey]
            sources = try FileManager.default.contentsOfDirectory(
                at: located.folder, includingPropertiesForKeys: Array(keys)
            ).filter { url in
                // HuggingFace's own cache has links in place of files.
                let resolved = url.resolvingSymlinksInPath()
                return !url.lastPathComponent.hasPrefix(".")
                    && (try? resolved.resourceValues(forKeys: keys).isRegularFile) == true
            }
            model = located.weights.map { destination + "/" + $0.lastPathComponent } ?? destination
        }
        files = try sources.sorted { $0.lastPathComponent < $1.lastPathComponent }.map { url in
            let attributes = try FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)
            return (
                url.resolvingSymlinksInPath(), url.lastPathComponent, (attributes[.size] as? NSNumber)?.intValue ?? 0
            )
        }
        byteCount = files.map(\.bytes).reduce(0, +)
    }

    /// Whether every file is there with its size. A copy gets its name when it is whole, so that less than that was made
    /// by hand.
    private var isThere: Bool {
        files.allSatisfy { file in
            let attributes = try? FileManager.default.attributesOfItem(atPath: destination + "/" + file.name)
            return (attributes?[.size] as? NSNumber)?.intValue == file.bytes
        }
    }

    /// - returns: whether there was something to copy.
    /// - throws: ``CommandError``: 73 where the folder can't be made, 74 where copying fails or the copy isn't the model.
    func copyIfMissing(announce: () -> Void) throws -> Bool {
        if isThere { return false }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandError(.cannotCreate, "\(folder): the folder cannot be made")
        }
        // One process a machine copies; the others wait for it, and find the copy.
        let lock = open(destination + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else {
            throw CommandError(.cannotCreate, "\(destination).lock: \(String(cString: strerror(errno)))")
        }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0 {
            guard errno == EINTR else {
                throw CommandError(.ioError, "\(destination).lock: \(String(cString: strerror(errno)))")
            }
        }
        if isThere { return false }
        announce()
        // What a process that was killed has left; the lock keeps others from being at it.
        let partial = destination + ".partial"
        try? FileManager.default.removeItem(atPath: partial)
        do {
            try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: true)
            for file in files {
                try FileManager.default.copyItem(atPath: file.source.path, toPath: partial + "/" + file.name)
            }
        } catch {
            try? FileManager.default.removeItem(atPath: partial)
            throw CommandError(.ioError, "\(destination): \(error.localizedDescription)")
        }
        try check(partial)
        if FileManager.default.fileExists(atPath: destination) {
            throw CommandError(
                .ioError,
                "\(destination) is there and isn't the model: files are missing or cut off. Remove it, and try again")
        }
        guard rename(partial, destination) == 0 else {
            throw CommandError(.ioError, "\(destination): \(String(cString: strerror(errno)))")
        }
        return true
    }

    private func check(_ partial: String) throws {
        let copy = model.replacing(destination, with: partial)
        let located = try ModelLocator(environment: [:]).locate(copy)
        guard try located.checkpoint().fingerprint == fingerprint else {
            try? FileManager.default.removeItem(atPath: partial)
            throw CommandError(
                .ioError, "\(destination): the copy has another fingerprint than the model; nothing was kept")
        }
    }
}
