/// The order in which people expect files: numbers by value, capitals beside small letters.
enum NaturalOrder {
    /// Whether `first` comes before `second`: component by component, runs of digits as numbers. A total order, so
    /// that the same files come in the same order on every machine.
    static func precedes(_ first: String, _ second: String) -> Bool {
        let a = Array(first.utf8)
        let b = Array(second.utf8)
        var i = 0
        var j = 0
        while i < a.count, j < b.count {
            if isDigit(a[i]), isDigit(b[j]) {
                let x = number(a, &i)
                let y = number(b, &j)
                if x.count != y.count { return x.count < y.count }
                if let difference = zip(x, y).first(where: { $0 != $1 }) { return difference.0 < difference.1 }
            } else {
                let x = weight(a[i])
                let y = weight(b[j])
                if x != y { return x < y }
                i += 1
                j += 1
            }
        }
        let remaining = (a.count - i, b.count - j)
        if remaining.0 != remaining.1, remaining.0 == 0 || remaining.1 == 0 { return remaining.0 == 0 }
        // Equal but for capitals and leading zeros.
        return a.lexicographicallyPrecedes(b)
    }

    /// The digits from `index` on without leading zeros; moves `index` behind them.
    private static func number(_ bytes: [UInt8], _ index: inout Int) -> ArraySlice<UInt8> {
        let start = index
        while index < bytes.count, isDigit(bytes[index]) { index += 1 }
        return bytes[start..<index].drop { $0 == UInt8(ascii: "0") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// The separator before all else, so that a folder's files stay together; small letters for capitals.
    private static func weight(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "/"): 0
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte + 32
        default: byte
        }
    }
}
