#!/usr/bin/env python3
"""Runs the recipes of Docs/cluster.md as they are written: blocks below a line `<!-- test: NAME -->`.

usage: test_recipes.py BUILD_FOLDER MODEL

GNU parallel is run where it is installed; Spark where `spark-submit` is on the PATH and there is a Java.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from findings import expect, findings, say

LINES = 24


def blocks(name):
    """The recipe's blocks in order: the name of the file that one is saved as, if it is, and its text."""
    text = (Path(__file__).resolve().parents[2] / "Docs" / "cluster.md").read_text()
    pattern = rf"<!-- test: {name}(?: (\S+))? -->\n```\w+\n(.*?)```"
    return re.findall(pattern, text, flags=re.S)


def run(folder, environment, block):
    file, text = block
    if file:
        (folder / file).write_text(text)
        return
    outcome = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=folder, env=environment, capture_output=True, text=True)
    expect(outcome.returncode == 0, f"exit code {outcome.returncode} of\n{text}\n{outcome.stderr[-2000:]}")


def answers(folder, paths):
    found = [json.loads(line) for path in paths for line in (folder / path).read_text().splitlines()]
    expect(all(line["error"] is None for line in found if "error" in line), "a line failed")
    return sorted(int(line["custom_id"]) for line in found)


def prepare(folder, environment):
    lines = [
        {"custom_id": str(number), "kind": "generate", "input": f"Once upon a time, number {number},",
         "options": {"max_new_tokens": 8, "min_new_tokens": 8}} for number in range(LINES)]
    (folder / "requests.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for command in (["init"], ["import", "requests.jsonl"]):
        subprocess.run(["nightshift", *command], cwd=folder, env=environment, check=True, capture_output=True)


def parallel(folder, environment):
    shards, lines = blocks("parallel")
    run(folder, environment, shards)
    with sqlite3.connect(folder / "queue.db") as database:
        states = dict(database.execute("SELECT state, count(*) FROM jobs GROUP BY state"))
    expect(states == {"completed": LINES}, f"GNU parallel over shards: {states}")
    run(folder, environment, lines)
    expect(answers(folder, ["answers.jsonl"]) == list(range(LINES)), "GNU parallel over lines: not every line once")
    say(f"GNU parallel: {LINES} jobs in 8 shards, and {LINES} lines")


def spark(folder, environment):
    for block in blocks("spark"):
        run(folder, environment, block)
    parts = [path.relative_to(folder) for path in (folder / "answers").glob("part-*")] if (folder / "answers").exists() else []
    expect(answers(folder, parts) == list(range(LINES)), "Spark: not every line once")
    say(f"Spark: {LINES} lines in {len(parts)} partitions")


def spark_python(search):
    """A Spark that pip has installed is found by the Python beside it only."""
    program = shutil.which("spark-submit", path=search)
    beside = Path(program).parent / "python" if program else None
    return str(beside if beside and beside.exists() else sys.executable)


def main():
    build, model = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    search = f"{build}:{os.environ['PATH']}"
    recipes = [
        (parallel, shutil.which("parallel", path=search), "GNU parallel isn't installed"),
        (spark, shutil.which("spark-submit", path=search) and shutil.which("java", path=search),
         "Spark, or a Java, isn't installed"),
    ]
    for recipe, is_there, why in recipes:
        if not is_there:
            say(f"skipped: {why}")
            continue
        folder = Path(tempfile.mkdtemp(prefix="nightshift-recipe-"))
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NIGHTSHIFT")}, "PATH": search,
            "NIGHTSHIFT_MODEL": str(model), "NIGHTSHIFT_DB": str(folder / "queue.db"), "HOME": str(folder),
            "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "localhost", "PYSPARK_PYTHON": spark_python(search)}
        prepare(folder, environment)
        recipe(folder, environment)
        shutil.rmtree(folder)
    if findings:
        sys.exit(1)


main()
