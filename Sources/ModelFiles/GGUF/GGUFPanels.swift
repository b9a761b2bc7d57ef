import Kernels

/// Which tensors of a GGUF file are matrices packed for the engine's inner loops, by keys of our own.
///
/// Other readers see them as plain bytes (type i8, one row to a panel). The keys, the lists being parallel:
///
///     nightshift.layout                  "panels"
///     nightshift.layout.version          1
///     nightshift.layout.panel_rows       64     rows of the matrix to a panel
///     nightshift.layout.group_length     128    columns that share a scale
///     nightshift.layout.subgroup_length  32     columns that share a multiplier (int4)
///     nightshift.packed.tensors          names of the packed tensors
///     nightshift.packed.types            "int8" or "int4" for each
///     nightshift.packed.rows             of the matrix
///     nightshift.packed.columns          of the matrix
package struct GGUFPanels {
    /// A matrix that is stored as panels.
    struct Packed {
        let type: StoredType
        /// Rows and columns.
        let shape: [Int]
    }

    /// By the names that the file has.
    let tensors: [String: Packed]

    static let layoutKey = "nightshift.layout"
    static let layoutName = "panels"
    static let numbers: [(key: String, value: Int)] = [
        ("nightshift.layout.version", PanelLayout.version),
        ("nightshift.layout.panel_rows", PanelLayout.rows),
        ("nightshift.layout.group_length", PanelLayout.groupLength),
        ("nightshift.layout.subgroup_length", PanelLayout.subgroupLength),
    ]
    static let namesKey = "nightshift.packed.tensors"
    static let typesKey = "nightshift.packed.types"
    static let rowsKey = "nightshift.packed.rows"
    static let columnsKey = "nightshift.packed.columns"

    private static let maximumCount = 1 << 17

    /// `nil` where nothing is packed.
    ///
    /// - throws: ``ModelFileError/unsupported(path:found:advice:)`` for another layout than this engine's.
    init?(_ metadata: GGUFMetadata) throws {
        guard metadata.has(Self.layoutKey) else { return nil }
        try Self.checkLayout(metadata)
        func list<Element>(_ key: String, _ list: [Element]?) throws -> [Element] {
            guard let list else { throw metadata.refusal(key, expected: "a list") }
            return list
        }
        let names = try list(Self.namesKey, metadata.texts(Self.namesKey, limit: Self.maximumCount))
        let types = try list(Self.typesKey, metadata.texts(Self.typesKey, limit: Self.maximumCount))
        let rows = try list(Self.rowsKey, metadata.integers(Self.rowsKey, limit: Self.maximumCount))
        let columns = try list(Self.columnsKey, metadata.integers(Self.columnsKey, limit: Self.maximumCount))
        guard types.count == names.count, rows.count == names.count, columns.count == names.count else {
            throw metadata.refusal(
                Self.typesKey, expected: "the \(names.count) of \(Self.namesKey), as of rows and columns",
                found: "\(types.count), \(rows.count) and \(columns.count)")
        }
        tensors = try names.indices.reduce(into: [:]) { tensors, index in
            let type = StoredType(rawValue: String(decoding: types[index], as: UTF8.self))
            guard let type, type.quantization != nil else {
                throw metadata.refusal(
                    Self.typesKey, expected: "int8 or int4",
                    found: String(decoding: types[index].prefix(40), as: UTF8.self).quoted)
            }
            tensors[String(decoding: names[index], as: UTF8.self)] = Packed(
                type: type, shape: [rows[index], columns[index]])
        }
    }

    private static func checkLayout(_ metadata: GGUFMetadata) throws {
        func refused(_ found: String) -> ModelFileError {
            .unsupported(
                path: metadata.path, found: "its weights are packed for another version of the engine: \(found)",
                advice: "Convert the original model again: nightshift model convert MODEL FILE.gguf --weights int8")
        }
        let layout = try metadata.text(layoutKey) ?? ""
        guard layout == layoutName else { throw refused("\(layoutKey) is \(layout.quoted), not '\(layoutName)'") }
        for (key, expected) in numbers {
            let found = try metadata.integer(key)
            guard found == expected else {
                throw refused("\(key) is \(found.map(String.init) ?? "absent"), not \(expected)")
            }
        }
    }
}
