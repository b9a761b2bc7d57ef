import ArgumentParser
import ChildProcesses
import Foundation
import JSONText
import JobCatalog
import JobStore

struct TemplateEditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change a template in your editor; what you save is its next version.",
        discussion: """
            The editor is VISUAL's or EDITOR's. Whoever leaves the text as it is makes no version. A text that can't be used \
            isn't kept; the message names the file in which it still lies.

            EXAMPLES
              nightshift template edit brief
              EDITOR=nano nightshift template edit brief@1
            """)

    @OptionGroup var queueOptions: QueueOptions

    @Argument(help: "The template: NAME, or NAME@VERSION to begin from an older one.", completion: .template)
    var template: String

    func run() async throws {
        let store = try queueOptions.openStore()
        defer { try? store.close() }
        let row = try await TemplateReference(template).find(in: store)
        let file = FileManager.default.temporaryDirectory.appending(
            path: "nightshift-\(SafeName.of(row.name))-\(UUID().uuidString.prefix(8)).txt")
        try Data(row.body.utf8).write(to: file)
        try TextEditor.edit(file)
        let body = try TemplateText.read(file.path(percentEncoded: false))
        if body == row.body {
            try? FileManager.default.removeItem(at: file)
            return Console.note("nothing was changed; the latest version stays as it is")
        }
        let template = NewTemplate(
            name: row.name, kind: row.kind, description: row.description, body: body,
            options: JSONObject((try? JobOptions.parse(json: row.options)) ?? [:]))
        do {
            try template.check()
        } catch {
            Console.noteForeign("nightshift: your text is still in \(file.path(percentEncoded: false))")
            throw error
        }
        try await store.keep(template)
        try? FileManager.default.removeItem(at: file)
    }
}

/// The editor that a person likes.
enum TextEditor {
    /// Waits until it is closed.
    ///
    /// - throws: ``CommandError`` (69) where there is none, (1) where it says that it failed.
    static func edit(_ file: URL) throws {
        let environment = ProcessInfo.processInfo.environment
        let named = ["VISUAL", "EDITOR"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        // As the shell reads it: an editor may come with options.
        let script = "\(named ?? "editor") \"$1\""
        let editor = try ChildProcess(
            "/bin/sh", ["-c", script, "sh", file.path(percentEncoded: false)], input: .inherited)
        let status = editor.wait().status
        if status == 127 {
            throw CommandError(.unavailable, "there is no editor '\(named ?? "editor")'; set EDITOR to yours")
        }
        guard status == 0 else {
            throw CommandError(.someFailed, "the editor ended with \(status); nothing was kept")
        }
    }
}

private enum SafeName {
    static func of(_ name: String) -> String {
        String(name.prefix(40).map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    }
}
