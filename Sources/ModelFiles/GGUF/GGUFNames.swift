/// The tensors' names in GGUF files of GPT-J beside HuggingFace's.
package enum GGUFNames {
    /// Tensors that a network has one of.
    private static let single: [(gguf: String, huggingFace: String)] = [
        ("token_embd.weight", "transformer.wte.weight"),
        ("output_norm.weight", "transformer.ln_f.weight"),
        ("output_norm.bias", "transformer.ln_f.bias"),
        ("output.weight", "lm_head.weight"),
        ("output.bias", "lm_head.bias"),
    ]

    /// Tensors that each block has one of.
    private static let inBlock: [(gguf: String, huggingFace: String)] = [
        ("attn_norm.weight", "ln_1.weight"),
        ("attn_norm.bias", "ln_1.bias"),
        ("attn_q.weight", "attn.q_proj.weight"),
        ("attn_k.weight", "attn.k_proj.weight"),
        ("attn_v.weight", "attn.v_proj.weight"),
        ("attn_output.weight", "attn.out_proj.weight"),
        ("ffn_up.weight", "mlp.fc_in.weight"),
        ("ffn_up.bias", "mlp.fc_in.bias"),
        ("ffn_down.weight", "mlp.fc_out.weight"),
        ("ffn_down.bias", "mlp.fc_out.bias"),
    ]

    /// HuggingFace's name; a name that isn't one of GPT-J's stays.
    package static func huggingFaceName(of name: String) -> String {
        translate(
            name, single: single.map { ($0.gguf, $0.huggingFace) }, from: "blk.", to: "transformer.h.",
            inBlock: inBlock.map { ($0.gguf, $0.huggingFace) })
    }

    /// GGUF's name; a name that isn't one of GPT-J's stays.
    package static func ggufName(of name: String) -> String {
        translate(
            name, single: single.map { ($0.huggingFace, $0.gguf) }, from: "transformer.h.", to: "blk.",
            inBlock: inBlock.map { ($0.huggingFace, $0.gguf) })
    }

    private static func translate(
        _ name: String, single: [(String, String)], from prefix: String, to target: String,
        inBlock: [(String, String)]
    ) -> String {
        if let pair = single.first(where: { $0.0 == name }) { return pair.1 }
        guard name.hasPrefix(prefix) else { return name }
        let rest = name.dropFirst(prefix.count)
        guard let dot = rest.firstIndex(of: "."), let block = Int(rest[..<dot]), String(block) == rest[..<dot],
            let pair = inBlock.first(where: { $0.0 == rest[rest.index(after: dot)...] })
        else { return name }
        return "\(target)\(block).\(pair.1)"
    }
}
