"""Writes a GPT-NeoX as GGUF: the network nearest to GPT-J that llama.cpp runs.

Same width, heads, inner width, layers, vocabulary and rotary part; attention and MLP are parallel. What differs: a
second layer norm, biases of the attention's matrices, and how the rotary pairs lie.
"""

import gguf
import numpy


def write(path, shape, weights, tensor):
    """`tensor(name, dimensions)` gives each tensor by HuggingFace's name, f32; `weights`: f32, q8_0 or q4_0."""
    kind = {
        "f32": gguf.GGMLQuantizationType.F32,
        "q8_0": gguf.GGMLQuantizationType.Q8_0,
        "q4_0": gguf.GGMLQuantizationType.Q4_0,
    }[weights]
    # The file's data lie in temporary files until they are written: the whole is never in memory.
    writer = gguf.GGUFWriter(path, "gptneox", use_temp_file=True)
    writer.add_context_length(shape.positions)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(4 * shape.width)
    writer.add_head_count(shape.heads)
    writer.add_rope_dimension_count(shape.rotary)
    writer.add_layer_norm_eps(1e-5)
    writer.add_parallel_residual(True)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_tokenizer_model("no_vocab")

    def matrix(name, source, rows, columns):
        values = numpy.ascontiguousarray(tensor(source, (rows, columns)), dtype=numpy.float32)
        if "qkv" in name:
            values = by_part(values, shape)
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)

    def vector(name, source, count):
        values = numpy.ascontiguousarray(tensor(source, (count,)), dtype=numpy.float32)
        writer.add_tensor(name, by_part(values, shape) if "qkv" in name else values)

    def linear(name, source, rows, columns):
        matrix(f"{name}.weight", f"{source}.weight", rows, columns)
        vector(f"{name}.bias", f"{source}.bias", rows)

    def norm(name, source):
        vector(f"{name}.weight", f"{source}.weight", shape.width)
        vector(f"{name}.bias", f"{source}.bias", shape.width)

    matrix("token_embd.weight", "gpt_neox.embed_in.weight", shape.vocabulary, shape.width)
    for layer in range(shape.layers):
        block, source = f"blk.{layer}", f"gpt_neox.layers.{layer}"
        norm(f"{block}.attn_norm", f"{source}.input_layernorm")
        linear(f"{block}.attn_qkv", f"{source}.attention.query_key_value", 3 * shape.width, shape.width)
        linear(f"{block}.attn_output", f"{source}.attention.dense", shape.width, shape.width)
        norm(f"{block}.ffn_norm", f"{source}.post_attention_layernorm")
        linear(f"{block}.ffn_up", f"{source}.mlp.dense_h_to_4h", 4 * shape.width, shape.width)
        linear(f"{block}.ffn_down", f"{source}.mlp.dense_4h_to_h", shape.width, 4 * shape.width)
    norm("output_norm", "gpt_neox.final_layer_norm")
    matrix("output.weight", "embed_out.weight", shape.vocabulary, shape.width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def by_part(values, shape):
    """Rows in the order [head, part, dimension] to [part, head, dimension]; the parts are query, key and value."""
    rest = values.shape[1:]
    return values.reshape(shape.heads, 3, -1, *rest).swapaxes(0, 1).reshape(3 * shape.width, *rest)


def random_tensors(seed):
    """Matrices of deviation 0.02, norms of one, no biases, as HuggingFace initialises them."""
    draw = numpy.random.default_rng(seed)

    def tensor(name, dimensions):
        if len(dimensions) == 2:
            return draw.standard_normal(dimensions, dtype=numpy.float32) * numpy.float32(0.02)
        is_scale = "norm" in name and name.endswith("weight")
        return numpy.full(dimensions, 1 if is_scale else 0, dtype=numpy.float32)

    return tensor
