#!/usr/bin/env python3
"""Measures how long `results --search` takes, which reads through all results, and what an index would cost instead.

A queue is filled with finished jobs whose results are pieces of this repository's texts, 400 characters each. Searched is
for words that no result has, so that all are read. Printed are seconds of computing, the median of three runs; and by how
much a full-text index (FTS5, external content) would let the file grow.

  measure.py .build/release/nightshift [--results 10000 100000]
"""

import argparse
import os
import pathlib
import random
import sqlite3
import statistics
import subprocess
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
NOW = "strftime('%Y-%m-%dT%H:%M:%fZ')"


def fill(path, count):
    """Adds finished jobs; returns the bytes of their results."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(REPOSITORY.glob("Docs/**/*.md"))]
    texts = [text for text in texts if len(text) > 400]
    chance = random.Random(1)
    database = sqlite3.connect(path)
    size = 0
    for number, text in enumerate(texts):
        database.execute("INSERT INTO documents (id, title, text) VALUES (?, ?, ?)", (number + 1, text[:60], text))
    for number in range(count):
        text = texts[number % len(texts)]
        start = chance.randrange(len(text) - 400)
        size += len(text[start : start + 400].encode())
        job = database.execute(
            f"INSERT INTO jobs (kind, document_id, state, attempt, finalized_at) VALUES ('summarize', ?, 'completed', 1, {NOW})",
            (number % len(texts) + 1,),
        ).lastrowid
        database.execute(
            f"INSERT INTO attempts (job_id, attempt, worker_id, outcome, finished_at) VALUES (?, 1, 'w', 'completed', {NOW})",
            (job,),
        )
        database.execute("INSERT INTO results (job_id, attempt, text) VALUES (?, 1, ?)", (job, text[start : start + 400]))
    database.commit()
    database.close()
    return size


def computing(command):
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def index(path):
    """Bytes by which a full-text index lets the file grow."""
    database = sqlite3.connect(path)
    before = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute("CREATE VIRTUAL TABLE words USING fts5(text, content = 'results', content_rowid = 'job_id')")
    database.execute("INSERT INTO words (words) VALUES ('rebuild')")
    database.commit()
    pages = database.execute("PRAGMA page_count").fetchone()[0] - before
    return pages * database.execute("PRAGMA page_size").fetchone()[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nightshift", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--results", type=int, nargs="+", default=[10_000, 100_000])
    options = parser.parse_args()
    print("| results | search, s | texts, MB | an index would take, MB |\n|--:|--:|--:|--:|")
    for count in options.results:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "queue.db")
            subprocess.run([options.nightshift, "init", path], check=True, capture_output=True)
            size = fill(path, count)
            search = [options.nightshift, "results", "--db", path, "--search", "zyzzyva nowhere"]
            seconds = statistics.median(computing(search) for _ in range(3))
            print(f"| {count:,} | {seconds:.2f} | {size / 1e6:.1f} | {index(path) / 1e6:.1f} |", flush=True)


if __name__ == "__main__":
    main()
