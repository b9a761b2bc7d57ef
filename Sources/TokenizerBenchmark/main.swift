import Foundation
import Tokenization

// Measures encoding on one thread: TokenizerBenchmark --model FOLDER [--rounds N] [--ids OUTPUT] FILE
//
// FILE holds documents with NUL bytes between them (a plain text file is one document). Prints one JSON object:
// {"mb_per_s","tokens","seconds",...}, the median of the rounds; a first round warms up and isn't counted.

struct Options {
    var model: String
    var file: String
    var rounds = 5
    /// Where to write the ids of all documents as 32-bit little-endian numbers.
    var idsFile: String?

    init?(_ arguments: [String]) {
        var model: String?
        var file: String?
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--model": model = rest.popFirst()
            case "--ids": idsFile = rest.popFirst()
            case "--rounds":
                guard let count = rest.popFirst().flatMap({ Int($0) }), count > 0 else { return nil }
                rounds = count
            default: file = argument
            }
        }
        guard let model, let file else { return nil }
        self.model = model
        self.file = file
    }
}

func measure(_ options: Options) throws {
    let loading = ContinuousClock().now
    let tokenizer = try Tokenizer(folder: URL(filePath: options.model))
    let loadSeconds = (ContinuousClock().now - loading) / .seconds(1)
    let bytes = try Data(contentsOf: URL(filePath: options.file))
    let documents = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    let megabytes = Double(documents.reduce(0) { $0 + $1.utf8.count }) / 1e6

    var ids: [[TokenID]] = []
    var seconds: [Double] = []
    for round in 0...options.rounds {
        ids.removeAll(keepingCapacity: true)
        let start = ContinuousClock().now
        for document in documents { ids.append(tokenizer.encode(document)) }
        let time = (ContinuousClock().now - start) / .seconds(1)
        if round > 0 { seconds.append(time) }
    }
    seconds.sort()

    if let idsFile = options.idsFile {
        let littleEndian = ids.joined().flatMap { id in (0..<4).map { UInt8(truncatingIfNeeded: id >> (8 * $0)) } }
        try Data(littleEndian).write(to: URL(filePath: idsFile))
    }
    let median = seconds[seconds.count / 2]
    let result: [String: Double] = [
        "mb_per_s": megabytes / median, "tokens": Double(ids.reduce(0) { $0 + $1.count }), "seconds": median,
        "fastest_seconds": seconds[0], "slowest_seconds": seconds[seconds.count - 1], "mb": megabytes,
        "documents": Double(documents.count), "load_seconds": loadSeconds,
    ]
    let json = try JSONSerialization.data(withJSONObject: result, options: [.sortedKeys])
    print(String(decoding: json, as: UTF8.self))
}

guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
    FileHandle.standardError.write(
        Data("usage: TokenizerBenchmark --model FOLDER [--rounds N] [--ids OUTPUT] FILE\n".utf8))
    exit(64)
}
do {
    try measure(options)
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
