public import Foundation
import GRDB
import JSONText

extension JobStore {
    private static let templateColumns = """
        SELECT t.id, t.name, t.version, t.kind, t.description, t.body, t.options, t.created_at,
          (SELECT count(*) FROM jobs j WHERE j.template_id = t.id) AS jobs FROM templates t
        """

    /// Every version of every template, by name and version; only the latest of each name with `latestOnly`.
    public func templates(named name: String? = nil, latestOnly: Bool = false) async throws -> [QueueTemplate] {
        try await all(
            """
            \(Self.templateColumns) WHERE (?1 IS NULL OR t.name = ?1) AND (NOT ?2
              OR t.version = (SELECT max(o.version) FROM templates o WHERE o.name = t.name)) ORDER BY t.name, t.version
            """, [name, latestOnly])
    }

    /// One version of a template, the latest where none is named; `nil` where there is none.
    public func template(named name: String, version: Int?) async throws -> QueueTemplate? {
        let versions = try await templates(named: name, latestOnly: version == nil)
        return version == nil ? versions.last : versions.first { $0.version == version }
    }

    /// The template that a job names.
    public func template(ofJob id: Int64) async throws -> QueueTemplate? {
        let rows: [QueueTemplate] = try await all(
            "\(Self.templateColumns) WHERE t.id = (SELECT template_id FROM jobs WHERE id = ?)", [id])
        return rows.first
    }

    /// Stores the next version of a template.
    ///
    /// - Returns: its version; that of the latest one where it says the same.
    public func add(_ template: NewTemplate, now: Date) async throws -> (version: Int, isNew: Bool) {
        let options = JSONValue.object(template.options).text
        return try await write { db in
            let latest = try Row.fetchOne(
                db,
                sql: """
                    SELECT version, body = ?2 AND options = ?3 AND kind IS ?4 AND description IS ?5 AS same FROM templates
                    WHERE name = ?1 ORDER BY version DESC LIMIT 1
                    """, arguments: [template.name, template.body, options, template.kind, template.description])
            let version: Int = try latest.map { try $0.value("version") } ?? 0
            if let latest, try latest.value("same") as Bool { return (version, false) }
            try db.execute(
                sql: """
                    INSERT INTO templates (name, version, body, options, kind, description, created_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    template.name, version + 1, template.body, options, template.kind, template.description,
                    Timestamp.text(now),
                ])
            return (version + 1, true)
        }
    }
}
