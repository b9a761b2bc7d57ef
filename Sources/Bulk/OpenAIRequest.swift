import JSONText

/// The body of an OpenAI batch line as a job takes it: a text, and options by the names that kinds know.
///
/// What a job can't do is refused with the reason, never passed over: a result that looks like what was asked for and
/// isn't is worse than none.
struct OpenAIRequest {
    enum Endpoint: String, CaseIterable {
        case completions = "/v1/completions"
        case chat = "/v1/chat/completions"
    }

    var endpoint: Endpoint
    /// The text to work on: the prompt, or what the messages say.
    var text: String
    var options: [String: JSONValue] = [:]
    /// The model that the line names; whichever is loaded serves it.
    var model: String?

    /// Names that decoding parameters have here too; the newer ones are vLLM's additions.
    private static let sharedNames = [
        "seed", "top_k", "min_p", "typical_p", "repetition_penalty", "min_new_tokens", "max_new_tokens",
        "length_penalty",
        "num_beams", "no_repeat_ngram_size", "do_sample", "early_stopping",
    ]
    /// What says nothing about the text.
    private static let ignoredNames: Set = ["model", "user", "metadata", "store", "service_tier", "stream_options"]

    init(url: String, body: JSONObject) throws(FieldProblem) {
        guard let endpoint = Endpoint(rawValue: url) else {
            let known = Endpoint.allCases.map(\.rawValue).joined(separator: ", ")
            throw FieldProblem("url: '\(url.prefix(80))' isn't served; served are \(known)", code: "unsupported")
        }
        self.endpoint = endpoint
        let fields = LineFields(body, prefix: "body.")
        model = try fields.text("model")
        switch endpoint {
        case .completions: text = try Self.prompt(fields)
        case .chat:
            let transcript = try ChatTranscript(fields)
            text = transcript.text
            if let stop = transcript.stop { options["stop"] = .array([.string(stop)]) }
        }
        try takeOptions(fields)
        try Self.refuseRest(fields, endpoint)
    }

    private static func prompt(_ fields: LineFields) throws(FieldProblem) -> String {
        switch fields["prompt"] {
        case .string(let text)?: return text
        case .array(let values)?:
            if values.count == 1, case .string(let text) = values[0] { return text }
            throw FieldProblem(
                "body.prompt: expected one text, found \(JSONValue.array(values).summary); give every text a line of its own",
                code: "unsupported")
        case let value?: throw fields.wrong("prompt", "a text", value)
        case nil: throw FieldProblem("body.prompt is missing")
        }
    }

    private mutating func takeOptions(_ fields: LineFields) throws(FieldProblem) {
        for name in Self.sharedNames { if let value = fields[name] { options[name] = value } }
        let limits = ["max_tokens", "max_completion_tokens"].filter { fields[$0] != nil }
        if limits.count == 2 { throw FieldProblem("give body.max_tokens or body.max_completion_tokens, not both") }
        if let limit = limits.first { options["max_new_tokens"] = fields[limit] }
        if let minimum = fields["min_tokens"] { options["min_new_tokens"] = minimum }
        let temperature = try fields.number("temperature")
        // OpenAI's way to say "the likeliest token"; other limits on the choice mean nothing then.
        if temperature == 0 {
            options["do_sample"] = .bool(false)
            for name in ["top_k", "min_p", "typical_p"] { options[name] = nil }
        } else {
            if let temperature { options["temperature"] = .number(temperature) }
            if let share = try fields.number("top_p"), share != 1 || temperature != nil {
                options["top_p"] = .number(share)
            }
        }
        try takeStops(fields)
    }

    private mutating func takeStops(_ fields: LineFields) throws(FieldProblem) {
        guard let value = fields["stop"] else { return }
        var stops: [JSONValue]
        switch value {
        case .string: stops = [value]
        case .array(let values): stops = values
        default: throw fields.wrong("stop", "a text or a list of texts", value)
        }
        if case .array(let own)? = options["stop"] { stops = own + stops }
        options["stop"] = stops.isEmpty ? nil : .array(stops)
    }

    /// - throws: for what isn't known, and for what is known to be asked for in vain.
    private static func refuseRest(_ fields: LineFields, _ endpoint: Endpoint) throws(FieldProblem) {
        let harmless: [String: [JSONValue]] = [
            "n": [1], "best_of": [1], "stream": [false], "echo": [false], "suffix": [""],
            "presence_penalty": [0, 0.0], "frequency_penalty": [0, 0.0], "logit_bias": [[:]],
            "logprobs": [false, 0], "top_logprobs": [0], "tools": [[]], "functions": [[]], "tool_choice": ["none"],
            "response_format": [["type": "text"]], "parallel_tool_calls": [true, false], "modalities": [["text"]],
        ]
        let taken = Set(sharedNames).union(ignoredNames).union(
            ["max_tokens", "max_completion_tokens", "min_tokens", "temperature", "top_p", "stop"])
            .union(endpoint == .chat ? ["messages"] : ["prompt"])
        for member in fields.object.members where member.value != .null && !taken.contains(member.name) {
            if let values = harmless[member.name] {
                if values.contains(member.value) { continue }
                let advice = member.name == "n" ? ": give every text a line of its own" : ""
                throw FieldProblem(
                    "body.\(member.name): \(member.value.summary) isn't there\(advice)", code: "unsupported")
            }
            throw FieldProblem("body.\(member.name.prefix(80)) is unknown", code: "unsupported")
        }
    }
}

/// The messages of a chat as a text that a model can go on with.
///
/// A single message is the text itself, after what the system says. A longer talk becomes a transcript, and the answer ends
/// where the user would speak again.
struct ChatTranscript {
    private(set) var text = ""
    private(set) var stop: String?

    init(_ fields: LineFields) throws(FieldProblem) {
        guard case .array(let messages)? = fields["messages"], !messages.isEmpty else {
            throw FieldProblem("body.messages: expected a list of messages")
        }
        var system: [String] = []
        var turns: [(speaker: String, content: String)] = []
        for (index, message) in messages.enumerated() {
            guard case .object(let object) = message else {
                throw FieldProblem("body.messages[\(index)]: expected an object with role and content")
            }
            let fields = LineFields(object, prefix: "body.messages[\(index)].")
            let content = try Self.content(fields)
            switch try fields.text("role") {
            case "system", "developer": system.append(content)
            case "user": turns.append(("User", content))
            case "assistant": turns.append(("Assistant", content))
            case let role:
                throw FieldProblem(
                    "body.messages[\(index)].role: \(role.map { "'\($0.prefix(40))'" } ?? "nothing") isn't served; "
                        + "served are system, user and assistant", code: "unsupported")
            }
        }
        guard turns.last?.speaker == "User" else {
            throw FieldProblem("body.messages: the last one must be the user's", code: "unsupported")
        }
        let preface = system.map { $0 + "\n\n" }.joined()
        if turns.count == 1 {
            text = preface + turns[0].content
        } else {
            text = preface + turns.map { "\($0.speaker): \($0.content)\n" }.joined() + "Assistant:"
            stop = "\nUser:"
        }
    }

    private static func content(_ fields: LineFields) throws(FieldProblem) -> String {
        switch fields["content"] {
        case .string(let text)?: return text
        case .array(let parts)?:
            var text = ""
            for part in parts {
                guard part["type"] == "text", case .string(let piece)? = part["text"] else {
                    throw FieldProblem("\(fields.prefix)content: only texts are served", code: "unsupported")
                }
                text += piece
            }
            return text
        case let value?: throw fields.wrong("content", "a text", value)
        case nil: throw FieldProblem("\(fields.prefix)content is missing")
        }
    }
}
