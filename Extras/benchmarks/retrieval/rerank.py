#!/usr/bin/env python3
"""Does the likelihood of a question help to find its passage, as a second stage behind BM25?

The sections of each text are its passages; the question's own section is to be found among them. BM25 ranks them as
`nightshift` does (SQLite's FTS5, the same stems). The best ten are ranked anew by the log-probability of the question
after the passage, by itself and added to BM25 with a weight that is chosen on every other text and measured on the rest.
Printed are the shares of the questions whose section comes first, among the first three, and the mean of 1 / rank, with
the standard error of the differences to BM25.

  rerank.py .build/release/nightshift --model Extras/models/reference-small [--questions 400] SET.jsonl.gz
"""

import argparse
import collections
import gzip
import json
import pathlib
import random
import re
import sqlite3
import statistics
import subprocess

BEST = 10
COMMON = set(
    "a about after all an and any are as at be been before being but by can could did do does doing for from had has have "
    "he her his how i if in into is it its many me most much my no not of on or our out s she should so some t than that the "
    "their them then there these they this those to up was we were what when where which who whom whose why will with would "
    "you your".split()
)


def texts(path):
    """Passages and questions of each text: (passages, [(question, its passage)])."""
    found = collections.defaultdict(lambda: ([], []))
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            section = json.loads(line)
            if section.get("split") != "dev":
                continue
            passages, questions = found[section.get("title") or section["id"].rsplit("#", 1)[0]]
            questions += [(qa["question"], len(passages)) for qa in section["qas"]]
            passages.append(section["context"])
    # Where all passages come back there is nothing to look up.
    return [text for text in found.values() if len(text[0]) > BEST]


def bm25(passages, questions):
    """For each question the scores of the best passages, by their position."""
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE passages USING fts5(text, content = '', tokenize = 'porter unicode61 remove_diacritics 2')"
    )
    database.executemany("INSERT INTO passages (rowid, text) VALUES (?, ?)", enumerate(passages))
    for question, answer in questions:
        words = list(dict.fromkeys(re.findall(r"\w+", question.lower())))
        telling = [word for word in words if word not in COMMON and len(word) > 1] or words
        rows = database.execute(
            "SELECT rowid, -bm25(passages) FROM passages WHERE passages MATCH ? ORDER BY 2 DESC, 1 LIMIT ?",
            (" OR ".join(f'"{word}"' for word in telling), BEST),
        )
        yield question, answer, dict(rows)


def likelihoods(options, pairs):
    """The mean log-probability of a question's tokens after each passage."""
    lines = [
        json.dumps({"id": n, "prompt": f"{passage[:options.characters]}\n\nQuestion:", "continuation": f" {question}"})
        for n, (passage, question) in enumerate(pairs)
    ]
    output = subprocess.run(
        [options.nightshift, "engine", "score", "--model", options.model], input="\n".join(lines) + "\n",
        capture_output=True, text=True, check=True,
    ).stdout
    results = [json.loads(line) for line in output.splitlines()]
    failed = [result for result in results if "sum" not in result]
    if failed:
        raise SystemExit(f"not scored: {failed[0]}")
    return [result["sum"] / len(result["logprobs"]) for result in sorted(results, key=lambda result: result["id"])]


def rank(scores, answer):
    """From 1; none where the passage isn't among them."""
    order = sorted(scores, key=lambda place: (-scores[place], place))
    return order.index(answer) + 1 if answer in scores else None


def mixed(case, weight):
    return {place: case["bm25"][place] + weight * case["likelihood"][place] for place in case["bm25"]}


def values(ranks):
    return {
        "first": [float(r == 1) for r in ranks],
        "of three": [float(r is not None and r <= 3) for r in ranks],
        "1 / rank": [1 / r if r else 0.0 for r in ranks],
    }


def row(name, ranks, base):
    cells = []
    for measure, ours in values(ranks).items():
        differences = [a - b for a, b in zip(ours, values(base)[measure])]
        error = statistics.stdev(differences) / len(differences) ** 0.5
        cells.append(f"{100 * statistics.mean(ours):.1f} ({100 * statistics.mean(differences):+.1f} ± {100 * error:.1f})")
    print(f"| {name} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nightshift")
    parser.add_argument("set", type=pathlib.Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--questions", type=int, default=400, help="so many, chosen by chance")
    parser.add_argument("--characters", type=int, default=1200, help="so much of a passage is read")
    options = parser.parse_args()
    cases = []
    for number, (passages, questions) in enumerate(texts(options.set)):
        for question, answer, scores in bm25(passages, questions):
            cases.append({"text": number, "passages": passages, "question": question, "answer": answer, "bm25": scores})
    asked = len(cases)
    random.Random(1).shuffle(cases)
    cases = cases[: options.questions]
    pairs = [(case["passages"][place], case["question"]) for case in cases for place in case["bm25"]]
    results = iter(likelihoods(options, pairs))
    for case in cases:
        case["likelihood"] = {place: next(results) for place in case["bm25"]}
    chosen_on = [case for case in cases if case["text"] % 2 == 0]
    rest = [case for case in cases if case["text"] % 2]
    weights = [0, 0.1, 0.2, 0.5, 1, 2, 5, 10]

    def quality(weight):
        return statistics.mean(values([rank(mixed(case, weight), case["answer"]) for case in chosen_on])["1 / rank"])

    weight = max(weights, key=quality)
    base = [rank(case["bm25"], case["answer"]) for case in rest]
    reached = sum(r is not None for r in base)
    print(f"{options.set.name}: {len(rest)} of {asked} questions; the section is among the best {BEST} for {reached}\n")
    print("| ranked by | first, % | among the first three, % | 1 / rank, % |\n|---|---|---|---|")
    row("BM25", base, base)
    row("the question's likelihood", [rank(case["likelihood"], case["answer"]) for case in rest], base)
    row(f"BM25 + {weight} × likelihood", [rank(mixed(case, weight), case["answer"]) for case in rest], base)


if __name__ == "__main__":
    main()
