/// Reads documents of Word before 2007 by `antiword` or `catdoc`, whichever is installed.
struct OldWordReader {
    let options: ReadingOptions

    private static let format = DocumentFormat.oldWord.name

    /// - throws: ``DocumentError``.
    func read(_ file: InputFile) throws -> String {
        let named = DocumentFormat(extensionOf: file.path)
        // Old workbooks and presentations begin alike.
        if named == nil, ["xls", "ppt", "msg", "msi"].contains(DocumentFormat.fileExtension(of: file.path)) {
            throw DocumentError.unsupportedFormat(
                path: file.path, format: "an old Office file", advice: "save it in a newer format first")
        }
        let programs = [("antiword", ["-m", "UTF-8.txt", "-w", "0", "-"]), ("catdoc", ["-d", "utf-8", "-w"])]
        guard let (command, arguments) = programs.first(where: { Converter.isInstalled($0.0) }) else {
            throw DocumentError.noConverter(
                path: file.path, format: Self.format, command: "antiword", package: "antiword")
        }
        do {
            let converter = Converter(command: command, arguments: arguments, limits: options)
            let output = try converter.run(input: file.descriptor)
            return TextDecoding.lenientText(of: output, declared: "utf-8")
        } catch {
            switch error {
            case .tooMuchOutput: throw DocumentError.tooMuchText(path: file.path, limit: options.maximumTextBytes)
            case .failed(let message, _):
                let first = message.split(separator: "\n").first.map(String.init) ?? "it holds no Word document"
                throw DocumentError.damaged(
                    path: file.path, format: "old Word document", problem: DisplayLine.plain(first, limit: 200))
            default:
                throw DocumentError.converterFailed(
                    path: file.path, command: command, reason: "it didn't come to its end in time")
            }
        }
    }
}
