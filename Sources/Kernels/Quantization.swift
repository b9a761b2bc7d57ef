internal import CKernels

/// Weights of few bits, multiplied with activations of 8 bits.
///
/// Scales are shared by 128 weights of an output. Weights of 4 bits also have a small multiplier for each 32 of them,
/// 4.5 bits a weight in all.
public enum Quantization: String, Sendable, CaseIterable {
    case int8
    case int4

    var bits: Int32 { self == .int8 ? 8 : 4 }

    /// Bytes of the panel that holds ``PanelLayout/rows`` rows of a matrix of so many columns.
    public func panelBytes(columns: Int) -> Int {
        let groups = (columns + Int(ck_group) - 1) / Int(ck_group)
        return groups * Int(self == .int8 ? ck_panel_group_bytes_8 : ck_panel_group_bytes_4)
    }

    /// Bytes of a packed matrix.
    public func byteCount(rows: Int, columns: Int) -> Int {
        PanelLayout.panelCount(rows: rows) * panelBytes(columns: columns)
    }
}

/// How packed matrices lie in memory, and in files: panels of rows, each of them its groups of columns one after the
/// other. The header of the inner loops has it byte by byte.
public enum PanelLayout {
    /// Raised with every change of the layout or of how weights are quantized for it: files of another version aren't
    /// read.
    public static let version = 1
    /// Rows to a panel.
    public static let rows = Int(ck_panel_columns)
    /// Columns that share a scale.
    public static let groupLength = Int(ck_group)
    /// Columns that share a multiplier, of weights of 4 bits.
    public static let subgroupLength = Int(ck_subgroup)
    /// Bytes that the address of a packed matrix is a multiple of.
    public static let alignment = 64

    public static func panelCount(rows: Int) -> Int { (rows + Self.rows - 1) / Self.rows }
}
