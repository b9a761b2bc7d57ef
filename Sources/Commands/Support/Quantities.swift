import Foundation

extension Int {
    /// "6,050,882,784".
    var grouped: String {
        let digits = Array(String(magnitude))
        let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[Swift.max(0, $0 - 3)..<$0]) }
        return (self < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
    }

    /// A number of bytes: "12.1 GB".
    var byteText: String {
        var (value, units) = (Double(self), ["bytes", "kB", "MB", "GB", "TB"][...])
        while value >= 999.5, units.count > 1 { (value, units) = (value / 1000, units.dropFirst()) }
        let isWhole = units.first == "bytes" || value >= 99.95
        return String(format: isWhole ? "%.0f %@" : "%.1f %@", value, units.first ?? "")
    }
}
