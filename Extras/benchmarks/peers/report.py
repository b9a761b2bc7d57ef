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
