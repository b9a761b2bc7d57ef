import Foundation

/// The figures of MLPerf's GPT-J benchmark, by the rules of its `evaluation.py`.
public struct MLPerfScore: Sendable, Equatable {
    /// In hundredths, with stemming, rounded to four places; the mean over the articles.
    public let rouge1: Double
    public let rouge2: Double
    public let rougeL: Double
    public let rougeLsum: Double
    /// `gen_len`: characters of all summaries together, as Python counts them.
    public let generatedLength: Int
    /// `gen_num`: summaries.
    public let count: Int

    /// Whether a score reaches a share of what the float32 reference does.
    public struct Verdict: Sendable, Equatable {
        /// 0.99 or 0.999.
        public let share: Double
        public let passes: Bool
        /// What is too low, by its official name.
        public let misses: [String]
    }

    /// What the float32 reference reaches on all articles (mlcommons/inference, submission checker, v3.1 to v5.0).
    public static let reference = (rouge1: 42.9865, rouge2: 20.1235, rougeL: 29.9881, generatedLength: 4_016_878)

    /// Scores summaries.
    ///
    /// - parameter pairs: texts as the tokenizer gives them, and the data set's highlights; at least one
    public init(_ pairs: [(prediction: String, highlights: String)]) {
        let scorer = RougeScorer(stems: true)
        var sums = (0.0, 0.0, 0.0, 0.0)
        var length = 0
        for (prediction, highlights) in pairs {
            let prediction = Self.postProcessed(HuggingFaceCleanUp.applied(to: prediction))
            let scores = scorer.score(prediction, reference: Self.postProcessed(highlights))
            sums.0 += scores.rouge1.fMeasure
            sums.1 += scores.rouge2.fMeasure
            sums.2 += scores.rougeL.fMeasure
            sums.3 += scores.rougeLsum.fMeasure
            length += prediction.unicodeScalars.count
        }
        func mean(_ sum: Double) -> Double { (sum / Double(max(pairs.count, 1)) * 1e6).rounded() / 1e4 }
        (rouge1, rouge2, rougeL, rougeLsum) = (mean(sums.0), mean(sums.1), mean(sums.2), mean(sums.3))
        generatedLength = length
        count = pairs.count
    }

    /// `nil` unless all articles of the published set were summarized.
    public func verdict(share: Double) -> Verdict? {
        guard count == MLPerfDataset.fullCount else { return nil }
        let reference = Self.reference
        var misses: [String] = []
        if rouge1 < share * reference.rouge1 { misses.append("rouge1") }
        if rouge2 < share * reference.rouge2 { misses.append("rouge2") }
        if rougeL < share * reference.rougeL { misses.append("rougeL") }
        // The same for both levels.
        if Double(generatedLength) < 0.9 * Double(reference.generatedLength) { misses.append("gen_len") }
        return Verdict(share: share, passes: misses.isEmpty, misses: misses)
    }

    /// Without white space at the ends, a sentence a line.
    static func postProcessed(_ text: String) -> String {
        Sentences.likePunkt(text.trimmingCharacters(in: .whitespacesAndNewlines)).joined(separator: "\n")
    }
}

/// What HuggingFace's slow tokenizers do to a decoded text unless told otherwise (`clean_up_tokenization`): the spaces go
/// that older data sets have before punctuation. The benchmark's articles are such, and `gen_len` counts characters.
enum HuggingFaceCleanUp {
    private static let replacements = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" 's", "'s"),
        (" 've", "'ve"), (" 're", "'re"),
    ]

    static func applied(to text: String) -> String {
        let bytes = replacements.reduce(Array(text.utf8)) { bytes, pair in
            replacing(Array(pair.0.utf8), with: Array(pair.1.utf8), in: bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Byte by byte: for `String`, a point with an accent on it is another character than a point.
    private static func replacing(_ old: [UInt8], with new: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == old[0], bytes[index...].starts(with: old) {
                result += new
                index += old.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }
}
