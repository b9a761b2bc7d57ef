import Documents
import Foundation
import Testing

/// A folder that goes away with the object.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "nightshift-tests-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// The path of `name` in the folder.
    subscript(name: String) -> String { "\(path)/\(name)" }

    /// Writes a file, with the folders on its way.
    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        let folder = URL(filePath: self[name]).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: self[name]))
        return self[name]
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    /// `text` without the folder's path.
    func relative(_ text: String) -> String { text.replacing(path + "/", with: "") }

    deinit {
        // A test may have closed a folder to itself.
        try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: self["closed"])
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// The text that a person sees of the error that `body` throws.
func message(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) -> String {
    do {
        try body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
        return ""
    } catch let error as DocumentError {
        return error.description
    } catch {
        Issue.record("not a DocumentError: \(error)", sourceLocation: sourceLocation)
        return ""
    }
}
