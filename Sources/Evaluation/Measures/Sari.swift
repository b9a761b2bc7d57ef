/// SARI (Xu et al. 2016, "Optimizing Statistical Machine Translation for Text Simplification"): what a rewriting keeps,
/// takes out and adds, against what the references do.
///
/// Of the several definitions in use this is HuggingFace's (`evaluate`, metric `sari`): runs of one to four words, texts
/// in small letters cut by sacrebleu's tokenizer `13a`, 0/0 counted as 1, and recall of what is kept by counts.
public enum Sari {
    /// From 0 to 1; the published figures are 100 times that.
    ///
    /// - returns: `nil` without references.
    public static func score(source: String, prediction: String, references: [String]) -> Double? {
        guard !references.isEmpty else { return nil }
        var numbers = WordNumbers()
        let source = numbers.of(MTEvalTokenizer.words(in: source))
        let prediction = numbers.of(MTEvalTokenizer.words(in: prediction))
        let references = references.map { numbers.of(MTEvalTokenizer.words(in: $0)) }
        let sum = (1...4).reduce(0.0) { sum, length in
            sum
                + score(
                    source: NGrams(source, length).counts, prediction: NGrams(prediction, length).counts,
                    references: references.map { NGrams($0, length).counts })
        }
        return sum / 4
    }

    private typealias Counts = [[Int]: Int]

    /// The mean of the three parts for runs of one length.
    private static func score(source: Counts, prediction: Counts, references: [Counts]) -> Double {
        let wanted = references.reduce(into: Counts()) { $0.merge($1, uniquingKeysWith: +) }
        // As if there were as many sources and predictions as references.
        let source = source.mapValues { $0 * references.count }
        let predicted = prediction.mapValues { $0 * references.count }
        return (kept(source, predicted, wanted) + deleted(source, predicted, wanted) + added(source, predicted, wanted))
            / 3
    }

    private static func kept(_ source: Counts, _ predicted: Counts, _ wanted: Counts) -> Double {
        let kept = source.intersecting(predicted)
        let right = kept.intersecting(wanted)
        let keepable = source.intersecting(wanted)
        let precision = share(of: right, in: kept)
        let recall = keepable.isEmpty ? 1 : Double(right.values.reduce(0, +)) / Double(keepable.values.reduce(0, +))
        return harmonicMean(precision, recall)
    }

    /// Precision only: taking out too little costs nothing here, since it shows in what is kept.
    private static func deleted(_ source: Counts, _ predicted: Counts, _ wanted: Counts) -> Double {
        let deleted = source.subtracting(predicted)
        return share(of: deleted.subtracting(wanted), in: deleted)
    }

    private static func added(_ source: Counts, _ predicted: Counts, _ wanted: Counts) -> Double {
        let added = predicted.keys.filter { source[$0] == nil }
        let addable = wanted.keys.count { source[$0] == nil }
        let right = Double(added.count { wanted[$0] != nil })
        return harmonicMean(
            added.isEmpty ? 1 : right / Double(added.count), addable == 0 ? 1 : right / Double(addable))
    }

    /// The mean over runs, each with the share of its count that is right; 1 where there are none.
    private static func share(of right: Counts, in all: Counts) -> Double {
        if all.isEmpty { return 1 }
        // In a fixed order: sums of floating-point numbers depend on it, and the order of a dictionary on the run.
        let shares = right.map { Double($0.value) / Double(all[$0.key] ?? 1) }.sorted()
        return shares.reduce(0, +) / Double(all.count)
    }

    private static func harmonicMean(_ a: Double, _ b: Double) -> Double { a + b > 0 ? 2 * a * b / (a + b) : 0 }
}

extension Dictionary where Value == Int {
    /// The smaller of both counts, where both have one.
    fileprivate func intersecting(_ other: Self) -> Self {
        reduce(into: [:]) { result, entry in
            if let count = other[entry.key] { result[entry.key] = Swift.min(count, entry.value) }
        }
    }

    /// What is left of each count, where something is.
    fileprivate func subtracting(_ other: Self) -> Self {
        reduce(into: [:]) { result, entry in
            let count = entry.value - (other[entry.key] ?? 0)
            if count > 0 { result[entry.key] = count }
        }
    }
}
