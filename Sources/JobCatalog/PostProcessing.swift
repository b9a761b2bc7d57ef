internal import Foundation

/// What is done to generated text before it becomes a result: the stop string and all after it go, then each step in order.
public struct PostProcessing: Sendable, Equatable {
    /// One change of the text, by the name that definitions call it.
    public enum Step: Sendable, Equatable {
        /// `trim`: white space and line ends go from both ends.
        case trim
        /// `first_line`: what follows the first line end goes.
        case firstLine
        /// `first_paragraph`: what follows the first blank line goes.
        case firstParagraph
        /// `one_line`: each run of white space, line ends included, becomes one space.
        case oneLine
        /// `strip_label: [Summary:, ...]`: the first of these that the text begins with goes, with the white space
        /// around it; capitals and small letters count as the same.
        case stripLabel([String])
        /// `code_fence`: what stands between the first two lines that begin with ```` ``` ````, where there are any.
        case codeFence
        /// `code_block`: what follows the end of the function or block that the document is in the middle of goes; the
        /// indentation stays. `after`: the document, which the job fills in.
        case codeBlock(after: String)
        /// `trim_lines`: blank lines go from both ends, and the indentation of the others stays.
        case trimLines
    }

    /// In the order they are done.
    public var steps: [Step]

    /// Post-processing by these steps, in order.
    public init(_ steps: [Step]) { self.steps = steps }

    /// The result's text: `text` up to the first stop string, after all steps.
    public func apply(to text: String, stopStrings: [String] = []) -> String {
        steps.reduce(Self.cut(text, at: stopStrings)) { text, step in Self.apply(step, to: text) }
    }

    /// The steps as they are for one document.
    func over(_ document: String) -> PostProcessing {
        PostProcessing(steps.map { if case .codeBlock = $0 { .codeBlock(after: document) } else { $0 } })
    }

    /// `text` up to where the first of `stopStrings` begins, compared by Unicode scalars and not by what they look like.
    static func cut(_ text: String, at stopStrings: [String]) -> String {
        let bytes = Array(text.utf8)
        let ends = stopStrings.compactMap { stop -> Int? in
            let stop = Array(stop.utf8)
            guard let first = stop.first, stop.count <= bytes.count else { return nil }
            return (0...bytes.count - stop.count).first { start in
                bytes[start] == first && bytes[start..<start + stop.count].elementsEqual(stop)
            }
        }
        guard let end = ends.min() else { return text }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    private static func apply(_ step: Step, to text: String) -> String {
        switch step {
        case .trim:
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        case .firstLine:
            return text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init)
                ?? ""
        case .firstParagraph:
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.prefix { !$0.allSatisfy(\.isWhitespace) }.joined(separator: "\n")
        case .oneLine:
            return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        case .stripLabel(let labels):
            let start = text.drop(while: \.isWhitespace)
            for label in labels {
                if let range = start.range(of: label, options: [.anchored, .caseInsensitive]) {
                    return String(start[range.upperBound...].drop(while: \.isWhitespace))
                }
            }
            return text
        case .codeFence: return CodeText.insideFence(text)
        case .codeBlock(let beginning): return CodeText.restOfBlock(text, after: beginning)
        case .trimLines: return CodeText.withoutBlankEnds(text)
        }
    }
}
