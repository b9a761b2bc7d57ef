#!/usr/bin/env python3
"""Measures a model on the figures of the card of `pocket`, by `nightshift evaluate`.

    evaluate_card.py --model MODEL --corpora CORPORA [--nightshift PATH] [--limit N] [--json FILE] [-- OPTIONS]

Prints a Markdown table: the model, the trivial baseline beside it, and the number of texts; `--json` keeps every figure
with its interval. Options behind `--` go to every `nightshift evaluate`: `-- --adapter ./mine --threads 1`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evaluation_sets import make

ROOT = Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--corpora", required=True, type=Path)
    parser.add_argument("--nightshift", default=str(ROOT / ".build/release/nightshift"))
    parser.add_argument("--limit", type=int, default=200, help="texts of each set; 200")
    parser.add_argument("--json", type=Path, help="keep all figures in this file")
    parser.add_argument("--only", nargs="*", help="some of the sections: copying factbook fairytaleqa ...")
    parser.add_argument("options", nargs="*", help="for nightshift evaluate, behind --")
    return parser.parse_args()


class Card:
    def __init__(self, options, sets):
        self.options = options
        self.sets = sets
        self.reports = {}
        self.lines = []

    def evaluate(self, name, task, file, *more):
        command = [self.options.nightshift, "evaluate", "--task", task, "--model", self.options.model, "--json"]
        command += [*more, *self.options.options, str(self.sets[file])]
        start = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        # 1: some items couldn't be done; they were named and left out.
        if done.returncode not in (0, 1) or not done.stdout:
            sys.exit(f"{' '.join(command)}: exit code {done.returncode}")
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
        self.reports[name] = json.loads(done.stdout)
        return self.reports[name]

    def scored(self, name, task, file, beside=()):
        more = ["--no-stemming", "--limit", str(self.options.limit)]
        for kind in beside:
            more += ["--beside", kind]
        report = self.evaluate(name, task, file, *more)
        return [(system["name"], system["measures"]) for system in report["systems"]], report["items"]

    def line(self, measure, model, baseline="", count=""):
        self.lines.append(f"| {measure} | {model} | {baseline} | {count} |")
        print(self.lines[-1], file=sys.stderr)

    def table(self):
        return "\n".join(["| measure | model | beside it | n |", "|---|---|---|---|", *self.lines])


def figures(measures, *names):
    return " / ".join(f"{measures[name]['mean']:.1f}" if name in measures else "-" for name in names)


def beside(systems, *names):
    return "; ".join(f"{name} {figures(measures, *names)}" for name, measures in systems)


def copying(card):
    report = card.evaluate("copying", "copying", "passages")
    for form, title in [("shuffled_words", "shuffled words"), ("sentence", "sentences")]:
        if form in report:
            part = report[form]
            card.line(
                f"copying, {title}: nats a token the second time (ranked first)",
                f"{part['repeated_nats_per_token']['mean']:.2f} ({part['repeated_ranked_first']['mean']:.0f} %)",
                f"first time {part['first_nats_per_token']['mean']:.2f}", part["texts"])


def factbook(card):
    systems, count = card.scored("factbook", "answer", "factbook", ["answer-quote"])
    card.line("Factbook template questions, countries never seen (EM / F1)", figures(systems[0][1], "exact_match", "f1"),
              beside(systems[1:], "exact_match", "f1"), count)
    wrongly = figures(systems[0][1], "no_answer")
    systems, count = card.scored("factbook-unanswerable", "answer", "factbook-unanswerable")
    card.line("the same, line taken out: answers \"not in the text\" %", figures(systems[0][1], "no_answer"),
              f"falsely when it is there {wrongly}", count)


def fairytaleqa(card):
    systems, count = card.scored("fairytaleqa", "answer", "fairytaleqa", ["answer-quote"])
    card.line("FairytaleQA dev, passages up to 190 words (EM / F1)", figures(systems[0][1], "exact_match", "f1"),
              beside(systems[1:], "exact_match", "f1"), count)


def passages(card):
    systems, count = card.scored("passages", "summarize", "passages", ["summarize-quote"])
    card.line("textbook passages dev (ROUGE-1 / 2 / L)", figures(systems[0][1], "rouge1", "rouge2", "rougeL"),
              beside(systems[1:], "rouge1", "rouge2", "rougeL"), count)
    card.line("their words invented / texts that repeat %", figures(systems[0][1], "invented", "repeating"), "", count)


def verses(card):
    systems, count = card.scored("verses", "paraphrase", "verses")
    card.line("Bible verses, books never seen, BSB to WEB (ROUGE-1 / 2 / L / SARI)",
              figures(systems[0][1], "rouge1", "rouge2", "rougeL", "sari"),
              beside(systems[1:], "rouge1", "rouge2", "rougeL", "sari"), count)
    card.line("their words invented / texts that repeat / same as the source %",
              figures(systems[0][1], "invented", "repeating", "identical"), "", count)


def perplexity(card):
    for name, title in [("textbooks", "textbook sections"), ("stories", "1950s stories")]:
        report = card.evaluate(f"perplexity-{name}", "perplexity", name, "--window", "512")
        card.line(
            f"perplexity a byte (a token), {title}",
            f"{report['perplexity_per_byte']['mean']:.3f} ({report['perplexity_per_token']['mean']:.1f})", "",
            f"{report['tokens']} tokens")


SECTIONS = [copying, factbook, fairytaleqa, passages, verses, perplexity]


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        card = Card(options, make(options.corpora, Path(folder)))
        for section in SECTIONS:
            if not options.only or section.__name__ in options.only:
                section(card)
        if options.json:
            options.json.write_text(json.dumps(card.reports, indent=1) + "\n", encoding="utf-8")
        print(card.table())


if __name__ == "__main__":
    main()
