#!/usr/bin/env python3
"""Nightshift beside other engines on this machine: the same shape, prompts and numbers of tokens, in turns, in one run.

    Extras/benchmarks/peers/compare.py [--only ctranslate2,openvino] [--layers 2,6] [--repeats 3] [--quick] [--check]

Needs Python 3.11 or later with venv (Debian: python3-venv), a release build of nightshift, and a package index; the
README beside this file says how it measures. What is installed and made goes to .build/.
"""

import argparse
import json
import os
import pathlib
import sys

import check
from comparison import PEERS, Comparison, Failure
from report import report
from workload import Shape, Workload

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]


def comma_separated(kind):
    return lambda text: [kind(part) for part in text.split(",")]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=comma_separated(str), default=list(PEERS), metavar="PEER,...",
                        help=f"these peers, of {', '.join(PEERS)}")
    parser.add_argument("--layers", type=comma_separated(int), default=[2], metavar="N[,N]",
                        help="depths; with two of them, also the straight line through both to 28 (default: 2)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of every engine (default: all cores)")
    parser.add_argument("--repeats", type=int, help="turns of each engine (default: 3)")
    parser.add_argument("--kv", default="int8", help="nightshift's type of keys and values (default: int8)")
    parser.add_argument("--quick", action="store_true",
                        help="one turn of short prompts: shows that all of it runs; its figures say nothing")
    parser.add_argument("--check", action="store_true",
                        help="only compare the tokens that the engines choose on a small network in f32")
    parser.add_argument("--nightshift", type=pathlib.Path, default=REPOSITORY / ".build/release/nightshift",
                        metavar="FILE", help="the executable (default: the release build)")
    parser.add_argument("--work", type=pathlib.Path, default=REPOSITORY / ".build/peers", metavar="FOLDER",
                        help="for models, logs and results; 2 layers take 6 GB (default: .build/peers)")
    parser.add_argument("--install-minutes", type=int, default=90,
                        help="a peer that takes longer to install is left out (default: 90)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="results (default: results.json in --work)")
    options = parser.parse_args()
    unknown = set(options.only) - set(PEERS)
    if unknown:
        parser.error(f"--only: unknown {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    options.layers = sorted(set(options.layers))
    if len(options.layers) > 2 or not all(1 <= layers <= 28 for layers in options.layers):
        parser.error("--layers takes one or two depths of 1 to 28")
    options.only = list(dict.fromkeys(options.only))
    options.repeats = options.repeats or (1 if options.quick else 3)
    if options.repeats < 1 or not options.threads or options.threads < 1:
        parser.error("--repeats and --threads take at least 1")
    if not os.access(options.nightshift, os.X_OK):
        parser.error(f"{options.nightshift} isn't there: run 'make build', or name it with --nightshift")
    options.work = options.work.resolve()
    return options


def entrants(present):
    """(engine, weights) in the order of their turns: each of nightshift's weights before the peers that it meets."""
    order = []
    for ours in ("int8", "int4", "f32"):
        peers = [(name, theirs) for name in present for theirs, like in PEERS[name]["weights"].items() if like == ours]
        if peers or ours == "int8":
            order += [("nightshift", ours), *peers]
    return order


def take_turns(comparison, present, workload):
    """All turns at all depths: {layers: {(engine, weights): [turn]}}."""
    options = comparison.options
    results = {}
    for layers in options.layers:
        shape = Shape(layers=layers)
        turns = {}
        folders = {}
        try:
            source = comparison.make_source(shape, f"gpt-j-{layers}-layers")
        except Failure as reason:
            sys.exit(f"no model: {reason}")
        order = entrants(present)
        for engine, weights in order:
            try:
                folders[engine, weights] = comparison.prepare(engine, weights, shape, source)
            except Failure as reason:
                comparison.missing[f"{engine} {weights}, {layers} layers"] = str(reason)
        for repeat in range(options.repeats):
            for entrant in order:
                label = f"{' '.join(entrant)}, {layers} layers"
                if entrant not in folders or label in comparison.missing:
                    continue
                print(f"turn {repeat + 1} of {options.repeats}: {label}", file=sys.stderr, flush=True)
                arguments = comparison.arguments(
                    "measure", entrant[1], folders[entrant], shape, workload, f"turn {repeat}")
                try:
                    turns.setdefault(entrant, []).append(
                        comparison.run(f"run_{entrant[0]}.py", arguments, entrant[0]))
                except Failure as reason:
                    comparison.missing[label] = str(reason)
        results[layers] = turns
    return results


def main():
    options = parse()
    comparison = Comparison(options)
    present = comparison.install()
    if options.check:
        sys.exit(check.run(comparison, present))
    workload = Workload(prompt=128, steps=8, rows=(1, 4)) if options.quick else Workload()
    results = take_turns(comparison, present, workload)
    document = report(comparison, results, workload)
    path = options.json or options.work / "results.json"
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"\nall figures: {path}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
