#!/usr/bin/env python3
"""Nightshift beside other engines on this machine: the same shape, prompts and numbers of tokens, in turns, in one run.

    Extras/benchmarks/peers/compare.py [--only ctranslate2,openvino] [--layers 2,6] [--repeats 3] [--quick] [--check]

Needs Python 3.9 or later with venv (Debian: python3-venv), a release build of nightshift, and a package index; the
README beside this file says how it measures. What is installed and made goes to .build/.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

import check
import table
from environment import BASE, Environment, failure
from workload import Shape, Workload

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]

# Of each peer: its packages, and its kinds of weights with those of nightshift's that they are compared with.
PEERS = {
    "ctranslate2": {"packages": ["ctranslate2==4.8.5"], "weights": {"int8": "int8"}},
    "openvino": {
        "packages": ["openvino==2026.4.1", "openvino-genai==2026.4.1.0", "optimum-intel[nncf]==2.2.0"],
        "weights": {"int8": "int8"},
    },
    "llamacpp": {
        "packages": ["llama-cpp-python==0.3.36", "gguf==0.19.0"],
        "weights": {"q8_0": "int8", "q4_0": "int4"},
        "note": " (built from source: this takes a while)",
    },
    "huggingface": {"packages": [], "weights": {"f32": "f32"}},
}


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
    parser.add_argument("--install-minutes", type=int, default=60, help="a peer that takes longer is left out")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="results (default: results.json in --work)")
    options = parser.parse_args()
    unknown = set(options.only) - set(PEERS)
    if unknown:
        parser.error(f"--only: unknown {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    if not 1 <= len(options.layers) <= 2 or not all(1 <= layers <= 28 for layers in options.layers) or len(
            set(options.layers)) < len(options.layers):
        parser.error("--layers takes one depth, or two different ones, of 1 to 28")
    options.layers.sort()
    options.repeats = options.repeats or (1 if options.quick else 3)
    if options.repeats < 1 or not options.threads or options.threads < 1:
        parser.error("--repeats and --threads take at least 1")
    if not os.access(options.nightshift, os.X_OK):
        parser.error(f"{options.nightshift} isn't there: run 'make build', or name it with --nightshift")
    options.work = options.work.resolve()
    return options


class Failure(Exception):
    """Why an engine has no figures, in a line."""


class Comparison:
    """Runs the engines' files, each in a process of its own, and remembers which can't be had."""

    def __init__(self, options):
        self.options = options
        self.logs = options.work / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.environment = Environment(options.work.with_name("peers-venv"), self.logs / "pip.log")
        #: Why not, by the label of the engine.
        self.missing = {}

    def install(self):
        """Returns the peers that are there."""
        minutes = self.options.install_minutes
        base = self.environment.install("what all of them need", BASE, minutes)
        present = []
        for name in self.options.only:
            reason = base or self.environment.install(
                name, PEERS[name]["packages"], minutes, PEERS[name].get("note", "")) if PEERS[name]["packages"] else base
            if reason:
                self.missing[name] = reason
            else:
                present.append(name)
        return present

    def python(self, engine):
        """Nightshift's file needs nothing that is installed."""
        return sys.executable if engine == "nightshift" else self.environment.python

    def run(self, script, arguments, engine, extra=None):
        """Run one of the files beside this one. Returns what it prints, as JSON; throws `Failure`."""
        log = self.logs / f"{pathlib.Path(script).stem}.log"
        command = [str(word) for word in [self.python(engine), HERE / script, *arguments]]
        try:
            with log.open("a", encoding="utf-8") as errors:
                errors.write(f"$ {' '.join(command)}\n")
                errors.flush()
                start = errors.tell()
                result = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, text=True,
                                        env=self.variables(engine) | (extra or {}))
        except OSError as error:
            raise Failure(str(error)) from error
        if result.returncode:
            with log.open(encoding="utf-8", errors="replace") as text:
                text.seek(start)
                said = text.read()
            how = failure(said) if said.strip() else f"status {result.returncode}"
            raise Failure(f"{how} (all of it: {log})")
        return json.loads(result.stdout) if result.stdout.strip() else {}

    def variables(self, engine):
        threads = str(self.options.threads)
        variables = os.environ | {
            "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads,
            # Nothing is fetched while it runs, and no GPU is used.
            "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "DO_NOT_TRACK": "1",
        }
        if engine == "ctranslate2":
            # glibc gives large buffers back to the system at every step otherwise: its decoding at 32 rows doubles.
            variables |= {"MALLOC_TRIM_THRESHOLD_": str(1 << 36), "MALLOC_MMAP_THRESHOLD_": str(1 << 36)}
        return variables

    def make_source(self, shape, name, kind="f16", deviation=0.02, architecture="gptj"):
        """The HuggingFace folder that the engines' models are made from."""
        folder = self.options.work / "models" / name / "source"
        if not folder.exists():
            print(f"making {folder}", file=sys.stderr, flush=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            self.run("make_model.py", ["--shape", shape.json, "--type", kind, "--deviation", deviation,
                                       "--architecture", architecture, "--output", folder], "huggingface")
        return folder

    def prepare(self, engine, weights, shape, source):
        """What the engine loads, made on the first run."""
        # One folder serves all of nightshift's weights: it reads the source.
        name = engine if engine == "nightshift" else f"{engine}-{weights}"
        folder = source.parent / name
        if not folder.exists():
            print(f"preparing {folder}", file=sys.stderr, flush=True)
            self.run(f"run_{engine}.py", ["prepare", "--source", source, "--folder", folder, "--weights", weights,
                                          "--shape", shape.json], engine)
        return folder

    def arguments(self, action, weights, folder, shape, workload, seed):
        # Where exactness is asked for there is no rounding of keys and values either.
        kv = "f32" if weights == "f32" else self.options.kv
        return [action, "--folder", folder, "--weights", weights, "--threads", self.options.threads, "--seed", seed,
                "--workload", workload.json, "--shape", shape.json, "--kv", kv,
                "--executable", self.options.nightshift.resolve()]


def entrants(present):
    """(engine, weights) in the order of their turns: each of nightshift's weights before the peers that it meets."""
    order = []
    for ours in ("int8", "int4", "f32"):
        peers = [(name, theirs) for name in present for theirs, match in PEERS[name]["weights"].items() if match == ours]
        if peers or ours == "int8":
            order += [("nightshift", ours), *peers]
    return order


def measure(comparison, present, workload):
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


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as information:
            return next(line.split(":")[1].strip() for line in information if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def report(comparison, results, workload):
    """Prints the tables; returns all of it for the JSON file."""
    options = comparison.options
    now = datetime.datetime.now().astimezone().isoformat(timespec="minutes")
    print(f"\n{processor()}, {options.threads} threads, {options.repeats} turns, {now}")
    print(f"GPT-J-6B's width, random weights. prefill: {workload.prompt} tokens, one row, to the first token. decode N: "
          f"{workload.steps} greedy steps of N rows\nafter {workload.context} tokens each. whole N: N prompts of "
          f"{workload.context} tokens, read and continued by {workload.generated} tokens. Rows summed.")
    if options.quick:
        print("--quick: short prompts and one turn; the figures say nothing about speed.")
    document = {
        "processor": processor(), "threads": options.threads, "repeats": options.repeats, "quick": options.quick,
        "date": now, "workload": json.loads(workload.json), "packages": BASE + [
            package for name in options.only for package in PEERS[name]["packages"]],
        "missing": comparison.missing, "depths": {},
    }
    medians = {}
    for layers, turns in results.items():
        entries = []
        for (engine, weights), measured in turns.items():
            summary = table.summary(measured)
            medians[layers, engine, weights] = {name: value["median"] for name, value in summary.items()}
            entries.append({
                "engine": engine, "weights": weights, "kv": measured[0]["kv"], "summary": summary,
                "label": f"{measured[0]['title']}, {weights}, kv {measured[0]['kv']}",
                "memory": [max(turn[field] for turn in measured) for field in ("loaded_mb", "peak_mb")],
                "turns": measured,
            })
        document["depths"][layers] = entries
        print(f"\n{layers} layers")
        for field in ["median", "best"][: 1 if options.repeats == 1 else 2]:
            print(table.speeds(entries, workload, field) + "\n")
        print(table.ratios(pairs(medians, layers, turns), workload))
        for ceilings in [turn["figures"] for turn in turns.get(("nightshift", "int8"), [])][-1:]:
            print(f"(ceilings measured by nightshift in its last turn: {ceilings['ceilings']}, {ceilings['isa']})")
    if len(results) == 2:
        document["extrapolated"] = print_extrapolation(medians, results, workload)
    for label, reason in comparison.missing.items():
        print(f"\nnot available: {label}: {reason}")
    return document


def pairs(medians, layers, entrants):
    """For the table of ratios: every peer beside nightshift with the like weights."""
    result = []
    for engine, weights in entrants:
        if engine == "nightshift":
            continue
        ours = PEERS[engine]["weights"][weights]
        if (layers, "nightshift", ours) in medians:
            result.append((f"{ours} beside {engine} {weights}", medians[layers, "nightshift", ours],
                           medians[layers, engine, weights]))
    return result


def print_extrapolation(medians, results, workload):
    low, high = results
    both = [entrant for entrant in results[low] if entrant in results[high]]
    for entrant in both:
        medians[(28, *entrant)] = table.extrapolated(medians[(low, *entrant)], medians[(high, *entrant)], (low, high))
    titles = table.case_titles(workload)
    rows = [["tokens/s at 28 layers", *titles.values()]]
    rows += [[" ".join(entrant), *(table.figure(medians[(28, *entrant)].get(name)) for name in titles)]
             for entrant in both]
    print(f"\nNOT MEASURED: the straight line of the medians' time a token through {low} and {high} layers, at 28")
    print(table.lines(rows) + "\n")
    print(table.ratios(pairs(medians, 28, both), workload))
    return {" ".join(entrant): medians[(28, *entrant)] for entrant in both}


def main():
    options = parse()
    comparison = Comparison(options)
    present = comparison.install()
    if options.check:
        sys.exit(check.run(comparison, present))
    workload = Workload(prompt=128, steps=8, rows=(1, 4)) if options.quick else Workload()
    results = measure(comparison, present, workload)
    document = report(comparison, results, workload)
    path = options.json or options.work / "results.json"
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"\nall figures: {path}")


if __name__ == "__main__":
    main()
