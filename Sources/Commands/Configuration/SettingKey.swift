import JobCatalog

/// What the configuration can say: one table for reading it, checking it, showing it and writing a first one.
enum SettingKey: String, CaseIterable, Sendable {
    case model
    case db
    case style
    case threads
    case weights
    case kv
    case kvMemory = "kv_memory"
    case batchRows = "batch_rows"
    case prefixCache = "prefix_cache"
    case lookahead
    case queue
    case priority
    case maxAttempts = "max_attempts"
    case grace
    case stall
    case color

    /// What a value is.
    enum Form: Sendable {
        case text
        /// `~` stands for the home folder, and a relative one counts from the configuration's own folder.
        case path
        /// A path where it has a slash, else a name.
        case pathOrName
        case number(ClosedRange<Int>)
        case choice([String])
        case flag
        case duration
    }

    var form: Form {
        switch self {
        case .model: .pathOrName
        case .db: .path
        case .style, .queue: .text
        case .threads: .number(1...1024)
        case .weights: .choice(ModelOptions.WeightType.allCases.map(\.rawValue))
        case .kv: .choice(ModelOptions.KeyValues.allCases.map(\.rawValue))
        case .kvMemory: .number(1...(1 << 30))
        case .batchRows: .number(1...4096)
        case .prefixCache, .lookahead: .flag
        case .priority: .number(0...9)
        case .maxAttempts: .number(1...1000)
        case .grace, .stall: .duration
        case .color: .choice(ColorChoice.allCases.map(\.rawValue))
        }
    }

    /// The variable that goes before the file: `NIGHTSHIFT_KV_MEMORY`.
    var variable: String { "NIGHTSHIFT_" + rawValue.uppercased() }

    /// The option that goes before both.
    var flag: String {
        switch self {
        case .prefixCache: "--no-prefix-cache"
        case .lookahead: "--no-lookahead"
        default: "--" + rawValue.replacing("_", with: "-")
        }
    }

    /// For people: what it is for, in a line.
    var meaning: String {
        switch self {
        case .model: "the model: a folder, a GGUF file, or a name under the models' folder"
        case .db: "the queue's file"
        case .style: "the style of prompts, in place of the model's own: base, instruct, ..."
        case .threads: "threads that compute"
        case .weights: "how weights are held: f32, int8 or int4"
        case .kv: "how keys and values are held: f32, f16 or int8"
        case .kvMemory: "memory for keys and values, in MiB"
        case .batchRows: "texts generated side by side"
        case .prefixCache: "whether prompts that begin alike are read once"
        case .lookahead: "whether the engine guesses how texts go on while they are few"
        case .queue: "the queue that 'add' adds to"
        case .priority: "the priority of jobs that are added: 0 runs first, 9 last"
        case .maxAttempts: "how often a job may fail before it is given up"
        case .grace: "how long running jobs may go on after a stop: 30s, 5m"
        case .stall: "how long the engine may take for one step before the worker gives itself up: 15m"
        case .color: "auto, always or never"
        }
    }

    /// What holds where nobody says anything, in words.
    var usual: String {
        switch self {
        case .model: "pocket, the one in the executable"
        case .db: "queue.db in the data folder"
        case .style: "the model's own"
        case .threads: "one for each core"
        case .weights: "as the file has them"
        case .kv: "what suits the weights"
        case .kvMemory: "a quarter of the machine's"
        case .batchRows: "32"
        case .prefixCache, .lookahead: "true"
        case .queue: "default"
        case .priority: "5"
        case .maxAttempts: "3"
        case .grace: "30s"
        case .stall: "15m"
        case .color: "auto"
        }
    }

    /// What a first configuration shows, commented out.
    var example: String {
        switch self {
        case .model: "gpt-j-6b"
        case .db: "~/night.db"
        case .style: "instruct"
        case .threads: "2"
        case .weights, .kv: "int8"
        case .kvMemory: "4096"
        default: usual
        }
    }

    /// The value as it will be used.
    ///
    /// - throws: ``SettingProblem`` with what would have been right.
    func check(_ text: String) throws(SettingProblem) -> String {
        switch form {
        case .text, .path, .pathOrName:
            guard !text.allSatisfy(\.isWhitespace) else { throw SettingProblem("expected a text, found nothing") }
        case .number(let range):
            guard let number = Int(text), range.contains(number) else {
                throw SettingProblem(
                    "expected a whole number from \(range.lowerBound) to \(range.upperBound), found '\(text.prefix(80))'"
                )
            }
        case .choice(let known):
            guard known.contains(text) else {
                throw SettingProblem(
                    "expected one of \(known.joined(separator: ", ")), found '\(text.prefix(80))'"
                        + Suggestion.clause(for: text, in: known))
            }
        case .flag:
            guard ["true", "false"].contains(text.lowercased()) else {
                throw SettingProblem("expected true or false, found '\(text.prefix(80))'")
            }
            return text.lowercased()
        case .duration:
            guard (try? TimeExpression.duration(text)) != nil else {
                throw SettingProblem("expected a time such as 90s, 15m or 8h, found '\(text.prefix(80))'")
            }
        }
        return text
    }
}

/// What is wrong with a setting.
struct SettingProblem: Error {
    let text: String
    init(_ text: String) { self.text = text }
}
