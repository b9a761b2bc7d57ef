#!/usr/bin/env python3
"""Check nightshift's GGUF files with the PyPI package `gguf`, in both directions. Exit 1 where anything differs."""

import argparse
import json
import pathlib

import subprocess
import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import quants

FORMS = ["f32", "f16", "bf16", "q8_0", "q4_0", "int8", "int4"]
PROMPTS = ["The ferry crosses at noon.", "Straße 42: naïve\n\n  café <|endoftext|> it's", "1 + 1 = "]


class Checks:
    def __init__(self):
        self.failures = 0

    def __call__(self, what, holds):
        if not holds:
            self.failures += 1
            print(f"DIFFERENT: {what}")


check = Checks()


def safetensors(path):
    """The tensors of a safetensors file as float32."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    types = {"F32": np.float32, "F16": np.float16}
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        if entry["dtype"] == "BF16":
            values = (np.frombuffer(data[begin:end], np.uint16).astype(np.uint32) << 16).view(np.float32)
        else:
            values = np.frombuffer(data[begin:end], types[entry["dtype"]]).astype(np.float32)
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def gguf_name(name):
    """The package's own name of a tensor."""
    mapping = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GPTJ, 128)
    stem, _, suffix = name.rpartition(".")
    return f"{mapping.get_name(stem)}.{suffix}"


def unpacked(values, reader, name):
    """A packed matrix as its codes and scales say, and the integers themselves, [rows, columns]."""
    number = lambda key: int(reader.fields[f"nightshift.{key}"].contents())
    entry = reader.fields["nightshift.packed.tensors"].contents().index(name)
    kind = reader.fields["nightshift.packed.types"].contents()[entry]
    rows = reader.fields["nightshift.packed.rows"].contents()[entry]
    columns = reader.fields["nightshift.packed.columns"].contents()[entry]
    panel, group, part = (number(f"layout.{key}") for key in ["panel_rows", "group_length", "subgroup_length"])
    groups = -(-columns // group)
    data = values.view(np.uint8).reshape(-1, groups, values.shape[1] // groups)
    scales = np.ascontiguousarray(data[:, :, : 4 * panel]).view(np.float32)
    rest = data[:, :, 4 * panel :]
    if kind == "int8":
        codes = rest.reshape(-1, groups, group // 4, panel, 4).transpose(0, 3, 1, 2, 4).astype(np.int32) - 128
        integers = codes.reshape(-1, panel, groups, group)
    else:
        parts = group // part
        multipliers = rest[:, :, : parts * panel].reshape(-1, groups, parts, panel).transpose(0, 3, 1, 2)
        both = rest[:, :, parts * panel :].reshape(-1, groups, group // 8, panel, 4).transpose(0, 3, 1, 2, 4)
        codes = np.stack([both & 15, both >> 4], axis=-2).reshape(-1, panel, groups, group).astype(np.int32) - 8
        integers = codes * np.repeat(multipliers, part, axis=3).astype(np.int32)
    floats = (integers * scales.transpose(0, 2, 1)[..., None]).reshape(-1, groups * group)
    return kind, floats[:rows, :columns], integers.reshape(-1, groups * group)[:rows, :columns]


def check_tensor(form, reader, tensor, source):
    name, kind, values = tensor.name, tensor.tensor_type, tensor.data
    where = f"{form}: {name}"
    if kind == Type.I8:
        packed, floats, integers = unpacked(values, reader, name)
        padded = np.zeros((source.shape[0], -(-source.shape[1] // 128) * 128), np.float32)
        padded[:, : source.shape[1]] = source
        largest = np.abs(padded.reshape(source.shape[0], -1, 128)).max(axis=2)
        if packed == "int8":
            inverse = np.where(largest > 0, np.float32(127) / largest, 0).astype(np.float32)
            expected = np.rint(source * np.repeat(inverse, 128, axis=1)[:, : source.shape[1]])
            check(f"{where}: int8 codes", np.array_equal(integers, expected.astype(np.int32)))
        error = np.linalg.norm(floats - source) / np.linalg.norm(source)
        check(f"{where}: {packed} is {error:.4f} off", error < (0.01 if packed == "int8" else 0.12))
        return packed
    check(f"{where}: shape", tuple(reversed(tensor.shape.tolist())) == source.shape)
    if kind in (Type.F32, Type.F16):
        check(where, np.array_equal(values, quants.quantize(source, kind)))
    else:
        check(where, np.array_equal(values.reshape(-1), quants.quantize(source, kind).reshape(-1).view(np.uint8)))
    return kind.name.lower()


def check_written(form, path, tensors, configuration, tokenizer):
    reader = gguf.GGUFReader(path)
    get = lambda key: reader.fields[key].contents() if key in reader.fields else None
    expected = {
        "general.architecture": "gptj",
        "gptj.block_count": configuration["n_layer"],
        "gptj.embedding_length": configuration["n_embd"],
        "gptj.attention.head_count": configuration["n_head"],
        "gptj.context_length": configuration["n_positions"],
        "gptj.rope.dimension_count": configuration["rotary_dim"],
        "gptj.feed_forward_length": configuration.get("n_inner") or 4 * configuration["n_embd"],
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
    }
    for key, value in expected.items():
        check(f"{form}: {key} is {get(key)}, not {value}", get(key) == value)
    check(f"{form}: epsilon", np.float32(get("gptj.attention.layer_norm_epsilon")) == np.float32(
        configuration["layer_norm_epsilon"]))
    tokens = get("tokenizer.ggml.tokens")
    for content, number in tokenizer["model"]["vocab"].items():
        check(f"{form}: token {number}", tokens[number] == content)
    for token in tokenizer["added_tokens"]:
        check(f"{form}: token {token['id']}", tokens[token["id"]] == token["content"])
        kind = get("tokenizer.ggml.token_type")[token["id"]]
        check(f"{form}: kind of token {token['id']}", kind == (3 if token["special"] else 4))
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]]
    check(f"{form}: merges", get("tokenizer.ggml.merges") == merges)

    sources = {gguf_name(name): values for name, values in tensors.items()}
    found = {tensor.name for tensor in reader.tensors}
    check(f"{form}: tensors {sorted(found ^ set(sources))}", found == set(sources))
    kinds = {}
    for tensor in reader.tensors:
        kind = check_tensor(form, reader, tensor, sources[tensor.name])
        kinds[kind] = kinds.get(kind, 0) + 1
    print(f"{form}: {path.stat().st_size} bytes, " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))


def check_tokens(nightshift, model, path):
    """The ids of texts, from the folder and from the file."""
    lines = "".join(
        json.dumps({"id": index, "text": text, "allow_special": allows}) + "\n"
        for index, text in enumerate(PROMPTS)
        for allows in (False, True)
    )
    outputs = [run(nightshift, "engine", "tokenize", "--model", name, input=lines) for name in (model, path)]
    check(f"{path.name}: ids", outputs[0] == outputs[1] and len(outputs[0].splitlines()) == 2 * len(PROMPTS))


def logits(nightshift, model, *options):
    line = json.dumps({"id": 0, "ids": list(range(20, 60))}) + "\n"
    answer = json.loads(run(nightshift, "engine", "logits", "--model", model, *options, input=line))
    return np.array(answer["logits"], np.float32)


def check_foreign(nightshift, model, work, tensors, configuration, tokenizer):
    """Files as the package writes them, with none of nightshift's own keys."""
    reference = logits(nightshift, model)
    for kind in (Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0):
        path = work / f"foreign-{kind.name.lower()}.gguf"
        writer = gguf.GGUFWriter(path, "gptj")
        writer.add_context_length(configuration["n_positions"])
        writer.add_embedding_length(configuration["n_embd"])
        writer.add_block_count(configuration["n_layer"])
        writer.add_feed_forward_length(configuration.get("n_inner") or 4 * configuration["n_embd"])
        writer.add_rope_dimension_count(configuration["rotary_dim"])
        writer.add_head_count(configuration["n_head"])
        writer.add_layer_norm_eps(configuration["layer_norm_epsilon"])
        added = {token["id"]: token for token in tokenizer["added_tokens"]}
        contents = {number: content for content, number in tokenizer["model"]["vocab"].items()}
        contents.update({number: token["content"] for number, token in added.items()})
        size = configuration["vocab_size"]
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_list([contents.get(number, f"[PAD{number}]") for number in range(size)])
        writer.add_token_types([
            (3 if added[number]["special"] else 4) if number in added else 1 if number in contents else 5
            for number in range(size)])
        writer.add_token_merges([
            merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]])
        writer.add_eos_token_id(configuration["eos_token_id"])
        for name, values in tensors.items():
            raw = kind if values.ndim == 2 else Type.F32
            writer.add_tensor(gguf_name(name), quants.quantize(values, raw), raw_dtype=raw)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        found = logits(nightshift, path, "--weights", "f32")
        distance = np.abs(found - reference).max() / reference.std()
        limit = {Type.F32: 0, Type.F16: 1e-5, Type.BF16: 0.1, Type.Q8_0: 0.1, Type.Q4_0: 2}[kind]
        check(f"{path.name}: logits {distance:.6f} off", distance <= limit)
        check_tokens(nightshift, model, path)
        print(f"{path.name}: runs, logits differ by {distance:.6f} of their spread")
        path.unlink()


def check_refused(nightshift, work):
    """A type that isn't read is named."""
    path = work / "foreign-q4_k.gguf"
    writer = gguf.GGUFWriter(path, "gptj")
    writer.add_tensor("output.weight", np.zeros((4, 144), np.uint8), raw_dtype=Type.Q4_K)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    result = subprocess.run([nightshift, "model", "inspect", str(path)], capture_output=True, text=True)
    check(f"q4_K: exit {result.returncode}, {result.stderr}", result.returncode == 65 and "q4_K" in result.stderr)
    print("q4_K:", result.stderr.strip())
    path.unlink()


def run(*arguments, input=None):
    result = subprocess.run([str(word) for word in arguments], input=input, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: exit {result.returncode}\n{result.stderr}")
    return result.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nightshift", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("model", type=pathlib.Path)
    options = parser.parse_args()
    tensors = safetensors(options.model / "model.safetensors")
    configuration = json.loads((options.model / "config.json").read_text())
    tokenizer = json.loads((options.model / "tokenizer.json").read_text())
    for form in FORMS:
        path = options.work / f"{form}.gguf"
        run(options.nightshift, "model", "convert", options.model, path, "--weights", form, "--force")
        check_written(form, path, tensors, configuration, tokenizer)
        check_tokens(options.nightshift, options.model, path)
        run(options.nightshift, "model", "verify", path)
        path.unlink()
    check_foreign(options.nightshift, options.model, options.work, tensors, configuration, tokenizer)
    check_refused(options.nightshift, options.work)
    print("nothing differs" if not check.failures else f"{check.failures} differ")
    sys.exit(bool(check.failures))


if __name__ == "__main__":
    main()
