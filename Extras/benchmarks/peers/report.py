"""What is printed and written of the turns."""

import datetime
import json
import platform

import table
from comparison import PEERS
from environment import BASE


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
    print(f"\n{processor()}, {options.threads} threads, {options.repeats} turn{'s'[: options.repeats > 1]}, {now}")
    print(
        f"GPT-J-6B's width, random weights. prefill: {workload.prompt} tokens of one row, to the first token.\n"
        f"decode N: {workload.steps} greedy steps of N rows after {workload.context} tokens each.\n"
        f"whole N: N prompts of {workload.context} tokens, read and continued by {workload.generated} tokens. "
        "Tokens of all rows together.")
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
        entries = document["depths"][layers] = [entry(*entrant, measured) for entrant, measured in turns.items()]
        for each in entries:
            medians[layers, each["engine"], each["weights"]] = {
                name: value["median"] for name, value in each["summary"].items()}
        print(f"\n{layers} layers")
        for field in ["median", "best"][: 1 if options.repeats == 1 else 2]:
            print(table.speeds(entries, workload, field) + "\n")
        print(table.ratios(pairs(medians, layers, turns), workload))
        print_ceilings(turns)
    if len(results) == 2:
        document["extrapolated"] = print_extrapolation(medians, results, workload)
    for label, reason in comparison.missing.items():
        print(f"\nnot available: {label}: {reason}")
    return document


def entry(engine, weights, turns):
    """What is told of one engine at one depth."""
    first = turns[0]
    return {
        "engine": engine, "weights": weights, "kv": first["kv"], "summary": table.summary(turns),
        "label": f"{first['title']}, {weights}, kv {first['kv']}",
        "memory": [max(turn[field] for turn in turns) for field in ("loaded_mb", "peak_mb")], "turns": turns,
    }


def print_ceilings(turns):
    """What the machine could do at most while nightshift's int8 had its turns: it tells how quiet it was."""
    measured = [turn["figures"]["ceilings"] for turn in turns.get(("nightshift", "int8"), [])]
    if measured:
        units = {"int8_gops": "GOP/s (int8)", "f32_gflops": "GFLOP/s (f32)", "memory_gb_s": "GB/s"}
        ranges = [
            f"{table.span([ceilings[name] for ceilings in measured])} {unit}" for name, unit in units.items()]
        print(f"ceilings that nightshift measured in its turns: {', '.join(ranges)}")


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
