public import JSONText

/// A row of the table `templates`: one version of a template. A version is never changed; a change makes the next one.
public struct QueueTemplate: Sendable, Hashable, Codable {
    public var id: Int64
    public var name: String
    /// Counts from 1 for each name.
    public var version: Int
    /// The kind it was made for.
    public var kind: String?
    public var description: String?
    public var body: String
    /// A JSON text.
    public var options: String
    /// UTC, as stored.
    public var createdAt: String
    /// How many jobs name it.
    public var jobs: Int

    enum CodingKeys: String, CodingKey {
        case id, name, version, kind, description
        case createdAt = "created_at"
        case jobs, options, body
    }
}

/// A template to store.
public struct NewTemplate: Sendable {
    public var name: String
    public var kind: String?
    public var description: String?
    public var body: String
    public var options: JSONObject

    public init(
        name: String, kind: String?, description: String? = nil, body: String, options: JSONObject = JSONObject()
    ) {
        self.name = name
        self.kind = kind
        self.description = description
        self.body = body
        self.options = options
    }
}
