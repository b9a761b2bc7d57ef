import JSONText

/// Answers JSON lines with JSON lines: a wrong line gets its error, and the rest go on.
struct LineService: Sendable {
    let input = StandardInput()

    /// Reads requests until the end of the input and answers each in turn.
    ///
    /// - parameter answer: writes the answer's line or lines through `emit`; what it throws becomes the line's `error`.
    /// - throws: ``CommandError`` (1) at the end when lines were wrong.
    func run(_ answer: (RequestFields, _ emit: ([UInt8]) throws -> Void) throws -> Void) async throws {
        var failures = 0
        while let line = try await input.nextLine() {
            var id = JSONValue.null
            do {
                let fields = try Self.parse(line)
                id = fields.id
                try answer(fields) { try Console.write($0 + [0x0A]) }
            } catch let error as CommandError {
                throw error
            } catch {
                failures += 1
                try Self.report(error, id: id)
            }
        }
        try Self.finish(failures: failures)
    }

    static func parse(_ line: [UInt8]) throws -> RequestFields {
        guard case .object(let object) = try JSONParser.parse(line) else {
            throw RequestError("expected a JSON object on the line")
        }
        return RequestFields(object)
    }

    static func report(_ error: any Error, id: JSONValue) throws {
        try Console.print((["id": id, "error": .string(String(describing: error))] as JSONValue).text)
    }

    static func finish(failures: Int) throws {
        if failures > 0 {
            throw CommandError(.someFailed, "\(failures) \(failures == 1 ? "line" : "lines") could not be answered")
        }
    }
}
