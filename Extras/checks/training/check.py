#!/usr/bin/env python3
"""Check nightshift's models, adapters and tokenizers with `transformers`, `peft` and `tokenizers`. Exit 1 where any differs."""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

os.environ["HF_HUB_OFFLINE"] = "1"  # all that is loaded lies here

import peft
import tokenizers
import torch
import transformers

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
REFERENCE = REPOSITORY / "Extras" / "models" / "reference-small"
# Of the distance between the largest logit and the smallest. Both sides compute in floats, in another order.
TOLERANCE = 1e-5
MODEL = {
    "model_type": "gptj", "n_layer": 2, "n_embd": 64, "n_head": 2, "rotary_dim": 16, "n_positions": 512, "vocab_size": 1024,
    "bos_token_id": 0, "eos_token_id": 1,
}
TEXTS = [
    "The ferry crosses at noon.", "Straße 42: naïve\n\n  café it's\t1 + 1 = 2", "", " ", "\n", "𝔘nicode \u200b e\u0301 日本語 🦉",
    "Once<|endoftext|>twice<|end|>", "don't DON'T we'll  \n \n x",
]
LINEAR = ["q_proj", "k_proj", "v_proj", "out_proj", "fc_in", "fc_out"]
ADAPTERS = {
    "q and v": {"r": 8, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"]},
    "all linear": {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"},
    "rslora": {"r": 16, "lora_alpha": 4, "use_rslora": True, "target_modules": LINEAR},
    "alpha below the rank": {"r": 12, "lora_alpha": 5, "target_modules": LINEAR},
    "patterns": {
        "r": 8, "lora_alpha": 16, "target_modules": LINEAR, "rank_pattern": {"h.1.attn.q_proj": 2, "fc_in": 3},
        "alpha_pattern": {"v_proj": 40},
    },
}


class Checks:
    def __init__(self):
        self.failures = 0

    def __call__(self, what, holds, said=""):
        if not holds:
            self.failures += 1
        print(f"{'equal' if holds else 'DIFFERENT'}: {what}{said}", flush=True)


check = Checks()


def sequences(vocabulary):
    """Token ids, always the same: texts of several lengths."""
    generator = torch.Generator().manual_seed(1)
    return [torch.randint(vocabulary, (length,), generator=generator).tolist() for length in (1, 2, 17, 100)]


class Nightshift:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def __call__(self, *arguments, lines=None):
        outcome = subprocess.run(
            [self.program, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
            input=None if lines is None else "".join(json.dumps(line) + "\n" for line in lines))
        if outcome.returncode != 0:
            sys.exit(f"nightshift {' '.join(map(str, arguments))}: {outcome.returncode}\n{outcome.stderr}")
        return [json.loads(line) for line in outcome.stdout.splitlines()] if lines is not None else outcome.stdout

    def logits(self, model, texts, *options):
        lines = [{"id": number, "ids": ids} for number, ids in enumerate(texts)]
        answers = self("engine", "logits", "--model", model, "--weights", "f32", *options, lines=lines)
        return [torch.tensor(answer["logits"]) for answer in sorted(answers, key=lambda answer: answer["id"])]


def load(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def compare(what, model, ours, texts):
    """Logits of a torch model beside those of the engine."""
    worst = 0.0
    for found, expected in zip(ours, (logits[0] for logits in logits_of(model, texts))):
        if found.shape != expected.shape or not torch.isfinite(found).all():
            return check(what, False, f": shape {tuple(found.shape)}, expected {tuple(expected.shape)}")
        worst = max(worst, ((found - expected).abs().max() / (expected.max() - expected.min())).item())
    check(what, worst <= TOLERANCE, f": logits differ by {worst:.1e} of their spread at most")


def check_tokenizer(nightshift, folder):
    ours = tokenizers.Tokenizer.from_file(str(folder / "tokenizer" / "tokenizer.json"))
    theirs = transformers.AutoTokenizer.from_pretrained(folder / "tokenizer")
    texts = TEXTS + [path.read_text()[:20_000] for path in sorted((REPOSITORY / "Docs").glob("*.md"))]
    lines = [{"id": number, "text": text, "allow_special": True} for number, text in enumerate(texts)]
    found = {line["id"]: line["ids"] for line in nightshift("engine", "tokenize", "--model", "tokenizer", lines=lines)}
    same = all(found[number] == ours.encode(text).ids for number, text in enumerate(texts))
    check("'tokenizer train' in tokenizers", same, f": {sum(map(len, found.values())):,} tokens of {len(texts)} texts")
    same = all(found[number] == theirs(text, add_special_tokens=False)["input_ids"] for number, text in enumerate(texts))
    check("'tokenizer train' in transformers", same)
    back = nightshift(
        "engine", "detokenize", "--model", "tokenizer", lines=[{"id": number, "ids": ids} for number, ids in found.items()])
    same = all(line["text"] == ours.decode(found[line["id"]], skip_special_tokens=False) for line in back)
    check("its tokens back to texts", same)


def check_training(nightshift, folder):
    """Makes a tokenizer, a model in each way of storing, a tuned model and adapters."""
    documents = sorted((REPOSITORY / "Docs").glob("*.md"))
    nightshift(
        "tokenizer", "train", "--vocabulary-size", 1024, "--special", "<|endoftext|>", "--special", "<|end|>", "--output",
        "tokenizer", *documents)
    check_tokenizer(nightshift, folder)
    nightshift("train", "prepare", "--tokenizer", "tokenizer", "--output", "text.tokens", *documents)
    (folder / "model.json").write_text(json.dumps(MODEL))
    texts = sequences(MODEL["vocab_size"])
    for store in ["f32", "f16", "bf16"]:
        name = f"trained-{store}"
        nightshift(
            "train", "--shape", "model.json", "--tokenizer", "tokenizer", "--data", "text.tokens", "--output", name, "--length",
            64, "--sequences", 4, "--steps", 20, "--rate", 0.01, "--store", store)
        compare(f"'train --store {store}' in transformers", load(folder / name), nightshift.logits(f"./{name}", texts), texts)
    pairs = [
        {"prompt": f"What is {number}?<|end|>", "completion": f"It is the one after {number - 1}."} for number in range(1, 41)]
    (folder / "pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    tune = ["tune", "--model", "./trained-f32", "--steps", 20, "--length", 64, "--rate", 0.01]
    nightshift(*tune, "--full", "--output", "tuned", "pairs.jsonl")
    compare("'tune --full' in transformers", load(folder / "tuned"), nightshift.logits("./tuned", texts), texts)
    untouched = logits_of(load(folder / "trained-f32"), texts[-1:])[0]
    for name, options in {
        "adapter": [],
        "adapter-all": ["--target", "all-linear", "--rank", 4, "--rslora", "--alpha", 3],
    }.items():
        nightshift(*tune, *options, "--output", name, "pairs.jsonl")
        said = " ".join(map(str, ["tune", *options]))
        model = peft.PeftModel.from_pretrained(load(folder / "trained-f32"), folder / name).eval()
        changed = (logits_of(model, texts[-1:])[0] - untouched).abs().max().item()
        check(f"'{said}' has changed something", changed > 0.1, f": logits by {changed:.2f}")
        compare(f"'{said}' in peft", model, nightshift.logits("./trained-f32", texts, "--adapter", f"./{name}"), texts)
        merged = f"merged-{name}"
        nightshift("model", "merge", "./trained-f32", f"./{name}", merged)
        compare(
            "'model merge' of it in transformers, beside peft's own", load(folder / merged),
            [logits[0] for logits in logits_of(model.merge_and_unload(), texts)], texts)
        compare("'model merge' of it in the engine", load(folder / merged), nightshift.logits(f"./{merged}", texts), texts)


def logits_of(model, texts):
    with torch.no_grad():
        return [model(torch.tensor([ids])).logits for ids in texts]


def check_foreign_adapters(nightshift, folder):
    """Adapters of random numbers, saved by peft, on the repository's small model."""
    texts = sequences(4096)
    untouched = logits_of(load(REFERENCE), texts[-1:])[0]
    for name, settings in ADAPTERS.items():
        torch.manual_seed(7)
        model = peft.get_peft_model(load(REFERENCE), peft.LoraConfig(task_type="CAUSAL_LM", **settings)).eval()
        for parameter_name, parameter in model.named_parameters():
            if "lora_" in parameter_name:
                torch.nn.init.normal_(parameter, std=0.05)
        saved = folder / f"peft-{name.replace(' ', '-')}"
        model.save_pretrained(saved)
        changed = (logits_of(model, texts[-1:])[0] - untouched).abs().max().item()
        check(f"peft's adapter, {name}, changes something", changed > 0.1, f": logits by {changed:.2f}")
        compare(
            f"peft's adapter, {name}, in the engine", model, nightshift.logits(REFERENCE, texts, "--adapter", saved), texts)
    compare("transformers' model without any", load(REFERENCE), nightshift.logits(REFERENCE, texts), texts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nightshift", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    options = parser.parse_args()
    folder = options.work / "made"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print(
        f"transformers {transformers.__version__}, peft {peft.__version__}, tokenizers {tokenizers.__version__}, "
        f"torch {torch.__version__}")
    nightshift = Nightshift(options.nightshift, folder)
    check_training(nightshift, folder)
    check_foreign_adapters(nightshift, folder)
    print(f"{check.failures} differences")
    sys.exit(1 if check.failures else 0)


main()
