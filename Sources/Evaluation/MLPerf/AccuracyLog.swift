import JSONText
public import Tokenization

/// `mlperf_log_accuracy.json`, as LoadGen writes it: for each answered query the article's number and the ids of the
/// summary's tokens, as the hexadecimal digits of their bytes in memory.
public struct AccuracyLog: Sendable, Equatable {
    /// How ids lie in memory, little-endian; the reference implementation's are of 64 bits.
    public enum IDType: String, CaseIterable, Sendable {
        case int64, int32

        var byteCount: Int { self == .int64 ? 8 : 4 }
    }

    public struct Entry: Sendable, Equatable {
        /// The article's number in the data set, from 0.
        public var sample: Int
        public var tokens: [TokenID]

        public init(sample: Int, tokens: [TokenID]) {
            self.sample = sample
            self.tokens = tokens
        }
    }

    /// In the order of the file, of an article that stands twice only the first, as the official script has it.
    public private(set) var entries: [Entry] = []
    /// Entries that were left out as doubles.
    public private(set) var doubleCount = 0

    public init(_ entries: [Entry]) { self.entries = entries }

    /// - parameters:
    ///   - sampleCount: articles in the data set
    ///   - vocabularySize: ids lie below it
    /// - throws: ``EvaluationError`` with the entry's place.
    public init(path: String, type: IDType = .int64, sampleCount: Int, vocabularySize: Int) throws(EvaluationError) {
        var seen: Set<Int> = []
        for (index, value) in try JSONList.read(path).enumerated() {
            func problem(_ text: String) -> EvaluationError { .entry(path: path, index: index, problem: text) }
            guard case .integer(let sample)? = value["qsl_idx"] else {
                throw problem("qsl_idx: expected a number, found \(value["qsl_idx"]?.summary ?? "nothing")")
            }
            guard (0..<sampleCount).contains(sample) else {
                throw problem("qsl_idx is \(sample); the data set has 0 to \(sampleCount - 1)")
            }
            guard case .string(let digits)? = value["data"] else {
                throw problem("data: expected hexadecimal digits, found \(value["data"]?.summary ?? "nothing")")
            }
            guard seen.insert(sample).inserted else {
                doubleCount += 1
                continue
            }
            do {
                entries.append(
                    Entry(sample: sample, tokens: try HexIDs.read(digits, type, vocabularySize: vocabularySize)))
            } catch {
                throw problem("qsl_idx \(sample), data: \(error.description)")
            }
        }
    }

    /// The file's text, in LoadGen's form.
    public func json(_ type: IDType = .int64) -> [UInt8] {
        var bytes = Array("[\n".utf8)
        for (index, entry) in entries.enumerated() {
            let line =
                "{ \"seq_id\" : \(index), \"qsl_idx\" : \(entry.sample), \"data\" : \"\(HexIDs.write(entry.tokens, type))\", "
                + "\"token_count\" : \(entry.tokens.count) }"
            bytes.append(contentsOf: (index == 0 ? line : ",\n" + line).utf8)
        }
        bytes.append(contentsOf: "\n]\n".utf8)
        return bytes
    }
}

/// Token ids as the hexadecimal digits of their bytes, the lowest byte first.
enum HexIDs {
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    static func read(
        _ digits: String, _ type: AccuracyLog.IDType, vocabularySize: Int
    ) throws(Problem) -> [TokenID] {
        let digits = Array(digits.utf8)
        let length = 2 * type.byteCount
        guard digits.count.isMultiple(of: 2) else {
            throw Problem(description: "an odd number of hexadecimal digits, \(digits.count)")
        }
        guard digits.count.isMultiple(of: length) else {
            throw Problem(
                description: "\(digits.count / 2) bytes are no whole number of ids of \(type.byteCount) bytes")
        }
        var tokens: [TokenID] = []
        tokens.reserveCapacity(digits.count / length)
        for start in stride(from: 0, to: digits.count, by: length) {
            var bits: UInt64 = 0
            for byte in (0..<type.byteCount).reversed() {
                for digit in digits[start + 2 * byte...start + 2 * byte + 1] {
                    guard let value = hexValue(digit) else {
                        throw Problem(description: "what stands at place \(start + 2 * byte) is no hexadecimal digit")
                    }
                    bits = bits << 4 | value
                }
            }
            let id = type == .int64 ? Int(Int64(bitPattern: bits)) : Int(Int32(truncatingIfNeeded: bits))
            guard id >= 0, id < vocabularySize, let token = TokenID(exactly: id) else {
                throw Problem(
                    description:
                        "id \(id) at place \(start / length) isn't one of the tokenizer's, 0 to \(vocabularySize - 1)"
                        + (type == .int64 ? "; are they of 32 bits (--ids int32)?" : ""))
            }
            tokens.append(token)
        }
        return tokens
    }

    static func write(_ tokens: [TokenID], _ type: AccuracyLog.IDType) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(tokens.count * 2 * type.byteCount)
        for token in tokens {
            let bits = UInt64(bitPattern: Int64(token))
            for byte in 0..<type.byteCount {
                let value = Int(bits >> UInt64(8 * byte) & 0xFF)
                text.append(digits[value >> 4])
                text.append(digits[value & 15])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func hexValue(_ digit: UInt8) -> UInt64? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(digit - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(digit - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
