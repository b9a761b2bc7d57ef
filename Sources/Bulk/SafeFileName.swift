/// Names for files that are made after texts from outside.
public enum SafeFileName {
    /// Leaves room for a number and an ending in the 255 bytes that file systems allow.
    private static let longest = 100

    /// A name that starts with what can stay of `text` and ends with `number`, which makes it unique: "annual-report-12".
    ///
    /// Letters, digits, dots, underscores and hyphens stay, of any script; everything else, separators of paths above all,
    /// becomes a hyphen. It never starts with a dot or a hyphen.
    public static func name(for text: String?, number: Int64) -> String {
        var name = ""
        for scalar in (text ?? "").unicodeScalars {
            guard name.utf8.count + 4 <= longest else { break }
            let isPlain =
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || "._-".unicodeScalars.contains(scalar)
            if isPlain {
                name.unicodeScalars.append(scalar)
            } else if !name.hasSuffix("-") {
                name += "-"
            }
        }
        let edges: (Character) -> Bool = { $0 == "." || $0 == "-" }
        let trimmed = name.drop(while: edges).reversed().drop(while: edges).reversed()
        return (trimmed.isEmpty ? "job" : String(trimmed)) + "-\(number)"
    }
}
