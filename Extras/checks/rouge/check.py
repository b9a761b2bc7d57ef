"""Score random pairs of texts by `nightshift evaluate` and by the PyPI package `rouge-score`, and compare."""

import argparse
import json
import pathlib
import random
import subprocess
import sys

from rouge_score import rouge_scorer

TYPES = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
SUFFIXES = """s es ies sses ed ied eed ing y ly ational tional enci anci izer bli alli entli eli ousli ization ation ator
alism iveness fulness ousness aliti iviti biliti fulli logi icate ative alize iciti ical ful ness al ance ence er ic able
ible ant ement ment ent sion tion ou ism ate iti ous ive ize e ll""".split()
# Signs that end no sentence: nightshift compares the sentences of a text by lines, the package the lines themselves.
SIGNS = [", ", "; ", " - ", "-", "'", ".", "'s ", " (", ") ", "\u2019", "\u00a0", "\u2003", "\t", " \u2014 ", "_", "&", "/"]
OTHER = ["\u00e9t\u00e9", "na\u00efve", "Stra\u00dfe", "\u0130stanbul", "300\u212a", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
         "\u6771\u4eac", "\U0001f600", "a\u0301b", "\ufb01sh", "\u0661\u0662", "\uff21\uff22", "x\u00b2", "\u00c5ngstr\u00f6m"]


def word(chance):
    kind = chance.random()
    if kind < 0.04:
        return chance.choice(OTHER)
    if kind < 0.10:
        return str(chance.randrange(10 ** chance.randrange(1, 7)))
    letters = "".join(chance.choice("aeiouybcdlstwxz") for _ in range(chance.randrange(0, 6)))
    text = letters + (chance.choice(SUFFIXES) if chance.random() < 0.6 else "")
    return text.capitalize() if chance.random() < 0.1 else text.upper() if chance.random() < 0.03 else text


def text(chance, words, length):
    parts = []
    for _ in range(length):
        parts.append(chance.choice(words))
        parts.append(chance.choice(SIGNS) if chance.random() < 0.15 else "\n" if chance.random() < 0.06 else " ")
    # A point, and only white space or a line end behind it, would end a sentence.
    result = "".join(parts)
    while any(sign + space in result for sign in ".!?" for space in " \n\t\u00a0\u2003"):
        for space in " \n\t\u00a0\u2003":
            result = result.replace("." + space, space)
    return result


def pair(chance):
    words = [word(chance) for _ in range(chance.choice([3, 10, 40, 400]))]
    most = chance.choice([0, 1, 3, 10, 60, 60, 60, 300])
    texts = [text(chance, words, chance.randrange(most + 1)) for _ in range(chance.choice([2, 2, 2, 4]))]
    return {"document": "x", "prediction": texts[0], "references": texts[1:]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nightshift", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--pairs", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    pairs = [pair(chance) for _ in range(arguments.pairs)]
    # Texts as long as books, in lines and in one.
    vocabulary = [word(chance) for _ in range(300)]
    pairs += [{"document": "x", "prediction": text(chance, vocabulary, 2500), "references": [text(chance, vocabulary, 1500)]}]
    source, scored = arguments.work / "pairs.jsonl", arguments.work / "scored.jsonl"
    source.write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    wrong = 0
    for stems in (True, False):
        subprocess.run(
            [arguments.nightshift, "evaluate", "--task", "summarize", "--predictions", scored, "--force", "--json",
             *([] if stems else ["--no-stemming"]), source],
            check=True, stdout=subprocess.DEVNULL)
        scorer = rouge_scorer.RougeScorer(TYPES, use_stemmer=stems)
        for number, (line, pair_) in enumerate(zip(scored.read_text().split("\n"), pairs, strict=False)):
            own = json.loads(line)["scores"]
            theirs = scorer.score_multi(pair_["references"], pair_["prediction"])
            for name in TYPES:
                if abs(own[name] - theirs[name].fmeasure) > 1e-12:
                    wrong += 1
                    if wrong <= 10:
                        print(f"pair {number}, stemming {stems}, {name}: {own[name]} and {theirs[name].fmeasure}")
                        if len(pair_["prediction"]) < 300:
                            print("   ", json.dumps(pair_))
        print(f"{'with' if stems else 'without'} stemming: {len(pairs)} pairs, {len(TYPES)} measures compared")
    print("all equal to 1e-12" if wrong == 0 else f"{wrong} differ")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
