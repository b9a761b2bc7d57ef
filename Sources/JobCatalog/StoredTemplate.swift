public import JSONText

/// A template that a queue keeps, in place of the one that a kind has for the model's style. Stop strings, parameters and
/// post-processing stay the kind's, unless the template's own options say otherwise.
public struct StoredTemplate: Sendable, Equatable {
    public var name: String
    public var version: Int
    public var body: String
    /// Options of jobs that name none themselves.
    public var options: [String: JSONValue]

    public init(name: String, version: Int, body: String, options: [String: JSONValue] = [:]) {
        self.name = name
        self.version = version
        self.body = body
        self.options = options
    }

    /// - parameter optionsJSON: what the column `options` holds.
    /// - throws: ``JobCatalogError/storedTemplate(name:version:problem:)``.
    public init(name: String, version: Int, body: String, optionsJSON: String) throws {
        guard case .object(let options)? = try? JSONParser.parse(optionsJSON) else {
            throw JobCatalogError.storedTemplate(
                name: name, version: version, problem: "its options aren't a JSON object")
        }
        self.init(name: name, version: version, body: body, options: options.dictionary)
    }

    func options(under own: [String: JSONValue]) -> [String: JSONValue] { options.merging(own) { $1 } }

    func template(names: TemplateNames) throws -> PromptTemplate {
        try PromptTemplate(
            body, label: "template '\(name)' version \(version)", names: names.all, optionalNames: names.optional)
    }
}
