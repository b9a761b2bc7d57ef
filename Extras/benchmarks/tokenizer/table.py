#!/usr/bin/env python3
"""Print one table of the results of both benchmarks: the median of the runs, and the spread over all rounds."""

import json
import platform
import statistics
import sys


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main():
    results = {}
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            result = json.loads(line)
            results.setdefault(result.get("name", "nightshift"), []).append(result)
    ours = statistics.median(result["mb_per_s"] for result in results["nightshift"])
    any_result = results["nightshift"][0]
    print(f"{any_result['mb']:.1f} MB of text, {any_result['documents']:.0f} documents, one thread, {processor()}")
    print(f"{'':20} {'tokens':>10} {'MB/s':>8} {'slowest':>8} {'fastest':>8} {'ours is':>9}")
    for name, runs in results.items():
        speed = statistics.median(run["mb_per_s"] for run in runs)
        slowest = min(run["mb"] / run["slowest_seconds"] for run in runs)
        fastest = max(run["mb"] / run["fastest_seconds"] for run in runs)
        ratio = f"{ours / speed:.1f} x" if name != "nightshift" else ""
        print(f"{name:20} {runs[0]['tokens']:10.0f} {speed:8.1f} {slowest:8.1f} {fastest:8.1f} {ratio:>9}")


if __name__ == "__main__":
    main()
