import Foundation
import JobCatalog
import Testing

/// The text that a person sees of the error that `body` throws.
func message(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) -> String {
    do {
        try body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
        return ""
    } catch let error as JobCatalogError {
        return error.description
    } catch {
        Issue.record("not a JobCatalogError: \(error)", sourceLocation: sourceLocation)
        return ""
    }
}

/// A catalog with one definition of the user's, read from `yaml`, and that definition.
func definition(_ yaml: String, kind: String = "mine") throws -> JobDefinition {
    let folder = try TemporaryFolder()
    try folder.write(yaml, to: "\(kind).yaml")
    return try JobCatalog(userFolder: folder.url).definition(named: kind)
}

/// The text of the error that reading `yaml` as the user's `mine.yaml` gives, without the folder's path.
func definitionMessage(_ yaml: String, sourceLocation: SourceLocation = #_sourceLocation) -> String {
    let text = message({ _ = try definition(yaml) }, sourceLocation: sourceLocation)
    guard let name = text.range(of: "mine.yaml") else { return text }
    return String(text[name.lowerBound...])
}
