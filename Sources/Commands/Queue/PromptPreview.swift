import Documents
import Generation
import JSONText
import JobCatalog

/// The prompt that a kind makes of a document, for a person to look at.
struct PromptPreview {
    let definition: JobDefinition
    let document: String?
    let question: String?
    let options: [String]
    let style: String?
    var stored: StoredTemplate?
    let meter: PromptMeter

    /// The prompt goes to standard output, what else there is to say to standard error.
    ///
    /// - throws: ``CommandError`` (1) for a document that is too long.
    func print() throws {
        var inputs = JobInputs(question: question, options: try JobOptions.parse(arguments: options))
        if let document {
            let read = try DocumentReader().read(document == "-" ? .standardInput : .file(path: document))
            (inputs.document, inputs.title) = (read.text, read.title)
        }
        let style = style.map { PromptStyle(rawValue: $0) } ?? meter.style
        var prompt = try definition.prompt(style: style, inputs: inputs, stored: stored)
        var size = meter.measure(prompt)
        if prompt.overflow == .newestTurns,
            let fitted = prompt.fittingTurns(into: size.limit, by: meter.tokenizer)
        {
            (prompt, size) = (fitted.prompt, meter.measure(fitted.prompt))
            if let note = fitted.note { Console.note("left out: \(note)") }
        }
        try Console.printForeign(prompt.text)
        let stops = prompt.stopStrings.map(JSONWriter.quoted).joined(separator: " ")
        Console.noteForeign("style \(prompt.style)" + (stops.isEmpty ? "" : "; the output ends before \(stops)"))
        if let constraint = prompt.constraint?.source.text {
            Console.noteForeign("held to the form \(constraint.prefix(300))\(constraint.count > 300 ? "…" : "")")
        }
        Console.note(size.description)
        if !size.fits { throw CommandError(.someFailed, "the document is too long for this model") }
    }
}
