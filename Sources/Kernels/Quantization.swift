internal import CKernels

/// Weights of few bits, multiplied with activations of 8 bits.
///
/// Scales are shared by 128 weights of an output. Weights of 4 bits also have a small multiplier for each 32 of them,
/// 4.5 bits a weight in all.
public enum Quantization: String, Sendable, CaseIterable {
    case int8
    case int4

    var bits: Int32 { self == .int8 ? 8 : 4 }

    /// Bytes of the panel that holds 64 rows of a matrix of so many columns.
    func panelBytes(columns: Int) -> Int {
        let groups = (columns + Int(ck_group) - 1) / Int(ck_group)
        return groups * Int(self == .int8 ? ck_panel_group_bytes_8 : ck_panel_group_bytes_4)
    }
    /// Bytes of a packed matrix.
    public func byteCount(rows: Int, columns: Int) -> Int {
        (rows + Int(ck_panel_columns) - 1) / Int(ck_panel_columns) * panelBytes(columns: columns)
    }
}
