public import Foundation
import JSONText

/// What `adapter_config.json` says of a LoRA adapter (Hu et al. 2021), in the names of the PyPI package `peft`.
///
/// Options that change what the adapter computes and that aren't followed here are refused.
public struct AdapterConfiguration: Sendable, Equatable {
    /// Length between the two matrices (`r`).
    public let rank: Int
    /// What the change is multiplied by, before it is divided by the rank (`lora_alpha`).
    public let alpha: Double
    /// Divides by the rank's square root instead (`use_rslora`; Kalajdzievski 2023).
    public let usesRankStabilizedScale: Bool
    /// Ranks and alphas of single modules, by the ends of their names.
    let rankPattern: [String: Int]
    let alphaPattern: [String: Double]
    /// The model that it was made for, by name or path; `nil` where it doesn't say.
    public let baseModel: String?

    public static let fileName = "adapter_config.json"

    /// - throws: ``ModelFileError`` naming the file and the field.
    public init(folder: URL) throws {
        let path = folder.appending(path: Self.fileName).path
        let fields = try ModelFile.object(
            in: path, limit: 1 << 20, advice: "An adapter's folder needs it beside adapter_model.safetensors.")
        try self.init(fields)
    }

    public init(rank: Int, alpha: Double, usesRankStabilizedScale: Bool = false, baseModel: String? = nil) {
        precondition(rank > 0)
        self.rank = rank
        self.alpha = alpha
        self.usesRankStabilizedScale = usesRankStabilizedScale
        self.baseModel = baseModel
        rankPattern = [:]
        alphaPattern = [:]
    }

    init(_ fields: JSONFields) throws {
        try Self.refuseWhatIsNotFollowed(fields)
        rank = try fields.integer("r") ?? 8
        guard (1...Self.maximumRank).contains(rank) else {
            throw fields.refusal("r", expected: "a whole number from 1 to \(Self.maximumRank)")
        }
        alpha = try fields.double("lora_alpha") ?? 8
        usesRankStabilizedScale = try fields.bool("use_rslora") ?? false
        baseModel = try fields.string("base_model_name_or_path")
        var ranks: [String: Int] = [:]
        var alphas: [String: Double] = [:]
        if let pattern = try fields.object("rank_pattern") {
            for name in pattern.members.keys.sorted() {
                try Self.checkPattern(name, in: pattern)
                ranks[name] = try pattern.integer(name)
            }
        }
        if let pattern = try fields.object("alpha_pattern") {
            for name in pattern.members.keys.sorted() {
                try Self.checkPattern(name, in: pattern)
                alphas[name] = try pattern.double(name)
            }
        }
        rankPattern = ranks
        alphaPattern = alphas
    }

    static let maximumRank = 1 << 16

    /// The rank of one module's change.
    func rank(of module: String) -> Int { Self.value(of: module, in: rankPattern) ?? rank }

    /// What the product of a module's two matrices is multiplied by.
    func scale(of module: String) -> Double {
        let rank = Double(rank(of: module))
        let alpha = Self.value(of: module, in: alphaPattern) ?? alpha
        return usesRankStabilizedScale ? alpha / rank.squareRoot() : alpha / rank
    }

    /// A pattern names a module, or the end of its name from a dot on. The first of several wins, the longest being
    /// looked at first.
    private static func value<Value>(of module: String, in patterns: [String: Value]) -> Value? {
        patterns.keys.sorted { ($1.count, $0) < ($0.count, $1) }
            .first { module == $0 || module.hasSuffix(".\($0)") }.flatMap { patterns[$0] }
    }

    private static func checkPattern(_ name: String, in fields: JSONFields) throws {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isPlain, !name.isEmpty else {
            throw fields.refusal(name, expected: "the name of a module; patterns with other signs aren't followed")
        }
    }

    private static func refuseWhatIsNotFollowed(_ fields: JSONFields) throws {
        let type = try fields.string("peft_type") ?? "LORA"
        guard type.uppercased() == "LORA" else {
            throw fields.refusal("peft_type", expected: "LORA, the one kind of adapter that is followed")
        }
        guard try fields.string("bias") ?? "none" == "none" else {
            throw fields.refusal("bias", expected: "none: biases of the base model aren't changed")
        }
        for name in ["use_dora", "lora_bias", "use_qalora"] where try fields.bool(name) == true {
            throw fields.refusal(name, expected: "false: this form of adapter isn't followed")
        }
        let others = [
            "modules_to_save", "layer_replication", "trainable_token_indices", "target_parameters",
            "alora_invocation_tokens", "arrow_config",
        ]
        for name in others {
            switch fields[name] {
            case nil, .array([]), .object(JSONObject()): continue
            case .some: throw fields.refusal(name, expected: "nothing: such an adapter isn't followed")
            }
        }
        // These begin with a change of the base model, so that the matrices alone say too little.
        if case .string(let initial)? = fields["init_lora_weights"],
            ["pissa", "olora", "corda", "loftq"].contains(where: { initial.lowercased().hasPrefix($0) })
        {
            throw fields.refusal(
                "init_lora_weights", expected: "true: this one changes the base model; convert the adapter with peft")
        }
    }
}
