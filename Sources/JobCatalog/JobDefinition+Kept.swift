extension JobDefinition {
    /// A definition that was kept, as it was written then.
    ///
    /// - throws: ``JobCatalogError``.
    public init(yaml: String, kind: String) throws {
        self = try DefinitionReader.read(Array(yaml.utf8), kind: kind, file: nil)
    }
}
