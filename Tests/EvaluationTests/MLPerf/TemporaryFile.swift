import Foundation

/// A file that goes with the test.
final class TemporaryFile {
    let url: URL
    var path: String { url.path }

    init(_ text: String? = nil) throws {
        url = FileManager.default.temporaryDirectory.appending(path: "evaluation-\(UUID().uuidString)")
        if let text { try Data(text.utf8).write(to: url) }
    }

    func write(_ bytes: some Sequence<UInt8>) throws { try Data(bytes).write(to: url) }
    var text: String { get throws { try String(contentsOf: url, encoding: .utf8) } }

    deinit { try? FileManager.default.removeItem(at: url) }
}
