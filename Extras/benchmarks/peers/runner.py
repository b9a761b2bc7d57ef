"""How one engine is run in a process of its own: it prepares a model, measures the workload, or tells its tokens.

An engine's file defines a subclass of `Engine` and calls `main`. One JSON object goes to the standard output; whatever
a package prints goes to the standard error.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import sys
import time

from workload import UNTIMED_STEPS, Workload


@dataclasses.dataclass
class Generated:
    #: The tokens of each row, in the order of the prompts.
    tokens: list
    #: Seconds: when generation began, then when every row had its first, second, ... token.
    stamps: list


class Engine:
    """What is measured. Greedy decoding, no early end, nothing kept from one call to the next."""

    #: Name and version, for the table.
    title = ""
    #: The type in which keys and values are held.
    keys_and_values = ""

    @staticmethod
    def prepare(source, target, options):
        """Convert the HuggingFace folder `source` into what this engine loads, under `target`."""
        raise NotImplementedError

    def __init__(self, folder, options):
        """Load what `prepare` wrote."""
        raise NotImplementedError

    def generate(self, prompts, count):
        """Let each prompt be followed by `count` tokens; all prompts side by side. Returns a `Generated`."""
        raise NotImplementedError

    def measure(self, workload, seed):
        """The figures of one turn, by case. See `measure` for the fields."""
        return measure(self, workload, seed)

    def resident_megabytes(self, field):
        """VmRSS (now) or VmHWM (the most so far) of the process that computes, in MiB."""
        return resident_megabytes("self", field)


def resident_megabytes(process, field):
    with open(f"/proc/{process}/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field + ":"))


def measure(engine, workload, seed):
    """Reading first, then each number of rows; tokens a second, of all rows together.

    `prefill`: to the first token of one prompt, after a run that isn't counted. `decode-N`: the steps alone.
    `whole-N`: all the rows' tokens, read and generated, by the time from the call to the last token.
    """
    figures = {}
    # Other prompts each time: what an engine might remember of one is of no use for the next.
    for attempt in ("warm-up", "prefill"):
        stamps = engine.generate(workload.prompts(f"{seed}/{attempt}", 1, workload.prompt), 1).stamps
        figures["prefill"] = workload.prompt / (stamps[1] - stamps[0])
    for rows in workload.rows:
        generated = engine.generate(workload.prompts(seed, rows, workload.context), workload.generated)
        check_count(generated, rows, workload.generated)
        stamps = generated.stamps
        figures[f"decode-{rows}"] = rows * workload.steps / (stamps[-1] - stamps[1 + UNTIMED_STEPS])
        figures[f"whole-{rows}"] = rows * (workload.context + workload.generated) / (stamps[-1] - stamps[0])
    return figures


def check_count(generated, rows, count):
    """A row that ended early would make an engine look fast."""
    lengths = [len(tokens) for tokens in generated.tokens]
    if lengths != [count] * rows:
        raise SystemExit(f"{rows} rows should have {count} tokens each, and have {lengths}")


def main(engine_class):
    parser = argparse.ArgumentParser(description=engine_class.__doc__)
    parser.add_argument("action", choices=["prepare", "measure", "tokens"])
    parser.add_argument("--source", type=pathlib.Path, help="prepare: the HuggingFace folder")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="what this engine loads")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--kv", default="")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--workload", type=Workload.from_json)
    parser.add_argument("--shape", help="of the model, as JSON")
    parser.add_argument("--executable", help="nightshift's own")
    options = parser.parse_args()

    # The packages print banners and progress; the answer alone belongs to the standard output.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(json.dumps(run(engine_class, options)), file=answers, flush=True)
    # Some of the packages crash while they shut down. All is said by now.
    sys.stderr.flush()
    os._exit(0)


def run(engine_class, options):
    if options.action == "prepare":
        # A folder under its final name is whole: an interrupted run leaves the other name behind.
        partial = options.folder.with_name(options.folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        engine_class.prepare(options.source, partial, options)
        os.replace(partial, options.folder)
        return {}
    start = time.perf_counter()
    engine = engine_class(options.folder, options)
    load_seconds = time.perf_counter() - start
    if options.action == "tokens":
        prompts = options.workload.prompts(options.seed, max(options.workload.rows), options.workload.context)
        # Side by side, and one alone: the paths differ in every engine.
        together = engine.generate(prompts, options.workload.steps).tokens
        alone = engine.generate(prompts[:1], options.workload.steps).tokens
        return {"title": engine.title, "tokens": together + alone}
    loaded = engine.resident_megabytes("VmRSS")
    figures = engine.measure(options.workload, options.seed)
    return {
        "title": engine.title, "kv": engine.keys_and_values, "figures": figures, "load_seconds": load_seconds,
        "loaded_mb": loaded, "peak_mb": engine.resident_megabytes("VmHWM"),
    }
