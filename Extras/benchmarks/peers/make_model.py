"""Write a GPT-J of the wanted shape with random weights as a HuggingFace folder."""

import argparse
import json
import os
import pathlib
import shutil

from workload import Shape


def random_model(architecture, shape, seed, deviation):
    """The model, in f32. `deviation` is that of all matrices; HuggingFace's own is 0.02."""
    import torch
    import transformers

    torch.manual_seed(seed)
    special = {"bos_token_id": shape.vocabulary - 1, "eos_token_id": shape.vocabulary - 1}
    if architecture == "gptj":
        return transformers.GPTJForCausalLM(transformers.GPTJConfig(
            vocab_size=shape.vocabulary, n_positions=shape.positions, n_embd=shape.width, n_layer=shape.layers,
            n_head=shape.heads, rotary_dim=shape.rotary, n_inner=4 * shape.width, initializer_range=deviation,
            **special))
    share = shape.rotary * shape.heads / shape.width
    return transformers.GPTNeoXForCausalLM(transformers.GPTNeoXConfig(
        vocab_size=shape.vocabulary, max_position_embeddings=shape.positions, hidden_size=shape.width,
        num_hidden_layers=shape.layers, num_attention_heads=shape.heads, intermediate_size=4 * shape.width,
        rotary_pct=share, use_parallel_residual=True, hidden_act="gelu_new", initializer_range=deviation, **special))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", required=True, help="a JSON object with the fields of Shape")
    parser.add_argument("--architecture", choices=["gptj", "gptneox"], default="gptj")
    parser.add_argument("--type", choices=["f16", "f32"], default="f16", help="of the stored weights")
    parser.add_argument("--deviation", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    options = parser.parse_args()

    import torch

    model = random_model(
        options.architecture, Shape(**json.loads(options.shape)), options.seed, options.deviation).eval()
    model = model.to(torch.float16 if options.type == "f16" else torch.float32)
    # A folder under its final name is whole: an interrupted run leaves the other name behind.
    partial = options.output.with_name(options.output.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(partial)
    os.replace(partial, options.output)


if __name__ == "__main__":
    main()
