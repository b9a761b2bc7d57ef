import Foundation

/// A short answer against the right ones, as SQuAD's official script compares them (Rajpurkar et al. 2016, 2018): in
/// small letters, without punctuation, without a, an and the.
public struct AnswerScore: Sendable, Equatable {
    /// 1 where it is one of the right answers, else 0.
    public let exactMatch: Double
    /// The words shared with the right answer that shares most, as the harmonic mean of both shares.
    public let f1: Double

    /// What `answer` writes where the text doesn't tell; it counts as no answer.
    public static let noAnswer = "not in the text"

    /// - parameter references: right answers; none, or empty ones only, where the right answer is that there is none.
    public init(_ prediction: String, references: [String]) {
        let wanted = references.map(Self.words).filter { !$0.isEmpty }
        let predicted = Self.saysNothing(prediction) ? [] : Self.words(in: prediction)
        let scores = (wanted.isEmpty ? [[]] : wanted).map { (exact: $0 == predicted, f1: Self.f1(predicted, $0)) }
        exactMatch = scores.contains { $0.exact } ? 1 : 0
        f1 = scores.map(\.f1).max() ?? 0
    }

    /// Whether a prediction is empty or says that there is no answer.
    public static func saysNothing(_ prediction: String) -> Bool {
        let words = words(in: prediction)
        return words.isEmpty || words == self.words(in: noAnswer)
    }

    private static func f1(_ predicted: [String], _ wanted: [String]) -> Double {
        if predicted.isEmpty || wanted.isEmpty { return predicted == wanted ? 1 : 0 }
        var rest = Dictionary(wanted.map { ($0, 1) }, uniquingKeysWith: +)
        var shared = 0
        for word in predicted where rest[word, default: 0] > 0 {
            shared += 1
            rest[word, default: 0] -= 1
        }
        guard shared > 0 else { return 0 }
        let precision = Double(shared) / Double(predicted.count)
        let recall = Double(shared) / Double(wanted.count)
        return 2 * precision * recall / (precision + recall)
    }

    /// The words that are compared.
    static func words(in text: String) -> [String] {
        var kept = String.UnicodeScalarView()
        for scalar in text.lowercased().unicodeScalars where !isPunctuation(scalar) { kept.append(scalar) }
        return withoutArticles(kept).split { $0.properties.isWhitespace || (0x1C...0x1F).contains($0.value) }
            .map { String($0) }
    }

    /// An article is a run of letters and digits of its own, also within quotes that aren't ASCII's.
    private static func withoutArticles(_ scalars: String.UnicodeScalarView) -> String.UnicodeScalarView {
        var result = String.UnicodeScalarView()
        var run = String.UnicodeScalarView()
        func close() {
            if ["a", "an", "the"].contains(String(run)) { result.append(" ") } else { result += run }
            run = String.UnicodeScalarView()
        }
        for scalar in scalars {
            if isWord(scalar) {
                run.append(scalar)
            } else {
                close()
                result.append(scalar)
            }
        }
        close()
        return result
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
        default: false
        }
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            true
        default: false
        }
    }
}
