import Foundation
import Generation
import JSONText
import Tokenization

// Measures what constraints cost a step, over a tokenizer without a model: ConstraintBenchmark FOLDER [STEPS]
//
// Follows each constraint by random tokens and prints, in milliseconds: what it takes to read the constraint; to find the
// tokens allowed next, at the first look (median and longest; some states the text has been in before) and at the second
// (median); and the rest of a step after that: the mask's way into the logits, the choice, the text's new state (median).

let constraints: [(name: String, source: JSONValue)] = [
    ("three choices", ["choices": ["positive", "negative", "neither of both"]]),
    ("10,000 choices", ["choices": .array((0..<10_000).map { .string("choice number \($0 &* 7919)") })]),
    ("a date", ["regex": "[12][0-9]{3}-[01][0-9]-[0-3][0-9]"]),
    ("any line", ["regex": ".{1,400}"]),
    ("sentences of words", ["regex": "([A-Z]?[a-z]+(,? [A-Za-z]?[a-z]+){2,30}\\. ){1,9}"]),
    ("any JSON", "json"),
    (
        "an object",
        [
            "json": [
                "type": "object",
                "properties": [
                    "title": ["type": "string", "maxLength": 80], "year": ["type": "integer"],
                    "topics": ["type": "array", "items": ["type": "string", "maxLength": 30], "maxItems": 5],
                    "kind": ["enum": ["report", "letter", "story"]], "score": ["type": "number"],
                ],
                "required": ["title", "kind"],
            ]
        ]
    ),
]

struct Times {
    var values: [Double] = []

    mutating func measure<Result>(_ body: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock().now
        defer { values.append((ContinuousClock().now - start) / .milliseconds(1)) }
        return try body()
    }

    var median: Double { values.isEmpty ? 0 : values.sorted()[values.count / 2] }
    var longest: Double { values.max() ?? 0 }
}

struct Measurement {
    var (reading, new, known, step) = (Times(), Times(), Times(), Times())
}

func follow(
    _ automaton: some ByteAutomaton, _ tokenizer: Tokenizer, _ trie: TokenTrie, steps: Int,
    _ measurement: inout Measurement
) throws {
    var random = SystemRandomNumberGenerator()
    var parameters = DecodingParameters(maxNewTokens: steps)
    parameters.doSample = true
    parameters.seed = random.next()
    let sampler = Sampler(parameters, tokenCount: trie.capacity)
    let masks = TokenMasks(automaton, tokenizer: tokenizer, trie: trie)
    var guide = try masks.makeGuide()
    for step in 0..<steps {
        if try guide.mustEnd() { guide = try masks.makeGuide() }
        // Flat, so that constraints are led astray as far as they let themselves be.
        let logits = (0..<trie.capacity).map { _ in Float.random(in: 0..<1, using: &random) }
        _ = try measurement.new.measure { try guide.allowedTokens() }
        _ = try measurement.known.measure { try guide.allowedTokens() }
        try measurement.step.measure {
            let token = try sampler.next(logits[...], tokens: [], generated: step, allowed: guide.allowedTokens())
            _ = try guide.canEnd()
            try guide.append(token)
            _ = try guide.forcedTokens()
        }
    }
}

func measure(folder: String, steps: Int) throws {
    let tokenizer = try Tokenizer(folder: URL(filePath: folder))
    var loading = Times()
    let trie = loading.measure { TokenTrie(tokenizer) }
    print(
        "\(trie.capacity) tokens; their tree takes \(loading.longest.formatted(.number.precision(.fractionLength(0)))) ms"
    )
    print("constraint             reading     first   longest    second      step")
    for (name, source) in constraints {
        var measurement = Measurement()
        let constraint = try measurement.reading.measure { try Constraint(source) }
        try follow(constraint.automaton(document: nil), tokenizer, trie, steps: steps, &measurement)
        let figures = [
            measurement.reading.longest, measurement.new.median, measurement.new.longest, measurement.known.median,
            measurement.step.median,
        ]
        let columns = figures.map { figure in
            let text = figure.formatted(.number.precision(.fractionLength(3)).grouping(.never))
            return String(repeating: " ", count: max(1, 10 - text.count)) + text
        }
        print(name.padding(toLength: 20, withPad: " ", startingAt: 0) + columns.joined())
    }
}

let arguments = CommandLine.arguments.dropFirst()
guard let folder = arguments.first, let steps = arguments.count > 1 ? Int(arguments.last ?? "") : 200, steps > 0 else {
    FileHandle.standardError.write(Data("usage: ConstraintBenchmark FOLDER [STEPS]\n".utf8))
    exit(64)
}
try measure(folder: folder, steps: steps)
