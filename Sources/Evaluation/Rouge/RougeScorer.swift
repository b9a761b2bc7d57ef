/// How far two texts agree: what share of the prediction stands in the reference, and the other way round.
public struct RougeScore: Sendable, Equatable {
    /// Of the prediction's units, from 0 to 1.
    public let precision: Double
    /// Of the reference's units, from 0 to 1.
    public let recall: Double

    public init(precision: Double, recall: Double) {
        self.precision = precision
        self.recall = recall
    }

    public static let zero = RougeScore(precision: 0, recall: 0)

    /// The harmonic mean of both; 0 where both are.
    public var fMeasure: Double {
        precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
    }

    init(hits: Int, predicted: Int, wanted: Int) {
        self.init(precision: Double(hits) / Double(max(predicted, 1)), recall: Double(hits) / Double(max(wanted, 1)))
    }
}

/// The ROUGE measures of one pair of texts.
public struct RougeScores: Sendable, Equatable {
    /// Words.
    public var rouge1: RougeScore
    /// Pairs of neighbouring words.
    public var rouge2: RougeScore
    /// The longest common subsequence of words.
    public var rougeL: RougeScore
    /// The same by lines: the union of what each line of the prediction shares with a line of the reference.
    public var rougeLsum: RougeScore
}

/// ROUGE (Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries"), equal to the PyPI package `rouge-score`.
public struct RougeScorer: Sendable {
    private let tokenizer: RougeTokenizer

    /// - parameter stems: compare Porter stems rather than words; `use_stemmer` of the package
    public init(stems: Bool = false) { tokenizer = RougeTokenizer(stems: stems) }

    /// - returns: for each measure the score against the reference that gives the highest F; all 0 without references.
    public func score(_ prediction: String, references: [String]) -> RougeScores {
        let scores = references.map { score(prediction, reference: $0) }
        func best(_ measure: KeyPath<RougeScores, RougeScore>) -> RougeScore {
            // Of equal ones the first, as the package has it.
            scores.map { $0[keyPath: measure] }.reduce(nil) { best, score -> RougeScore? in
                guard let best, best.fMeasure >= score.fMeasure else { return score }
                return best
            } ?? .zero
        }
        return RougeScores(
            rouge1: best(\.rouge1), rouge2: best(\.rouge2), rougeL: best(\.rougeL), rougeLsum: best(\.rougeLsum))
    }

    /// O(bytes), and O(words² / 64) for the subsequences.
    public func score(_ prediction: String, reference: String) -> RougeScores {
        // Words as numbers: compared millions of times.
        var numbers = WordNumbers()
        let wanted = numbers.of(tokenizer.words(in: reference))
        let predicted = numbers.of(tokenizer.words(in: prediction))
        return RougeScores(
            rouge1: Self.runs(of: 1, predicted, wanted), rouge2: Self.runs(of: 2, predicted, wanted),
            rougeL: Self.subsequence(predicted, wanted),
            rougeLsum: Self.lines(lines(of: prediction, &numbers), lines(of: reference, &numbers)))
    }

    /// Lines that aren't empty, in words; one without words stays, as in the package.
    private func lines(of text: String, _ numbers: inout WordNumbers) -> [[Int]] {
        // By scalars: a CR LF is one character, and two line ends to the package, of which one ends the line.
        text.unicodeScalars.split(separator: "\n").map { numbers.of(tokenizer.words(in: String($0))) }
    }

    private static func runs(of length: Int, _ predicted: [Int], _ wanted: [Int]) -> RougeScore {
        let (inPrediction, inReference) = (NGrams(predicted, length), NGrams(wanted, length))
        let hits = inReference.counts.reduce(0) { $0 + min($1.value, inPrediction.counts[$1.key] ?? 0) }
        return RougeScore(hits: hits, predicted: inPrediction.total, wanted: inReference.total)
    }

    private static func subsequence(_ predicted: [Int], _ wanted: [Int]) -> RougeScore {
        RougeScore(
            hits: LongestCommonSubsequence(wanted, predicted).length, predicted: predicted.count, wanted: wanted.count)
    }

    private static func lines(_ predicted: [[Int]], _ wanted: [[Int]]) -> RougeScore {
        let (predictedCount, wantedCount) = (predicted.joined().count, wanted.joined().count)
        guard predictedCount > 0, wantedCount > 0 else { return .zero }
        // What may still be counted of each word, so that none counts twice.
        var inPrediction = Dictionary(predicted.joined().map { ($0, 1) }, uniquingKeysWith: +)
        var inReference = Dictionary(wanted.joined().map { ($0, 1) }, uniquingKeysWith: +)
        var hits = 0
        for line in wanted {
            var union: Set<Int> = []
            for candidate in predicted {
                union.formUnion(LongestCommonSubsequence(line, candidate).referenceIndices)
            }
            for word in union.sorted().map({ line[$0] }) where inPrediction[word, default: 0] > 0 {
                guard inReference[word, default: 0] > 0 else { continue }
                hits += 1
                inPrediction[word, default: 0] -= 1
                inReference[word, default: 0] -= 1
            }
        }
        return RougeScore(hits: hits, predicted: predictedCount, wanted: wantedCount)
    }
}

/// A number for each different word.
struct WordNumbers {
    private var numbers: [String: Int] = [:]

    mutating func of(_ words: [String]) -> [Int] {
        words.map { word in
            if let number = numbers[word] { return number }
            numbers[word] = numbers.count
            return numbers.count - 1
        }
    }
}
