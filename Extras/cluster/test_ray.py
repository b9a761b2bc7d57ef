#!/usr/bin/env python3
"""A queue's jobs on two Ray actors of this machine, with an actor and a `nightshift pipe` killed.

usage: test_ray.py BUILD_FOLDER MODEL      (by a Python that has Ray)
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from findings import expect, findings, say
from local_slurm import children_of, send

JOBS, TOKENS = 400, 24
launcher = Path(__file__).resolve().parent.parent / "ray" / "nightshift_ray.py"


def pipes(folder):
    """The `nightshift pipe` processes of this test's launcher, and the actors that hold them."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if len(command) > 1 and command[1] == b"pipe" and f"TEST_FOLDER={folder}".encode() in environment:
            found.append((int(entry.name), parent))
    return found


def query(path, sql):
    with sqlite3.connect(path, timeout=10) as database:
        return database.execute(sql).fetchall()


def wait(what, is_so, process, seconds=120):
    deadline = time.monotonic() + seconds
    while not is_so():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"waited in vain for {what}")
        time.sleep(0.05)


def main():
    build, model = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    folder = Path(tempfile.mkdtemp(prefix="nightshift-ray-"))
    queue, shards = folder / "queue.db", folder / "shards"
    environment = {**os.environ, "TEST_FOLDER": str(folder), "RAY_DISABLE_IMPORT_WARNING": "1",
                   "RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": str(folder)}
    subprocess.run([build / "nightshift", "init", queue], check=True, capture_output=True)
    options = json.dumps({"max_new_tokens": TOKENS, "min_new_tokens": TOKENS})
    with sqlite3.connect(queue) as database:
        database.executemany(
            "INSERT INTO jobs(kind, input, options) VALUES ('generate', ?, ?)",
            [(f"Once upon a time, number {number},", options) for number in range(JOBS)])
    command = [
        sys.executable, launcher, "--db", queue, "--folder", shards, "--actors", "2", "--window", "8", "--nightshift",
        build / "nightshift", "--", "--model", model, "--threads", "1", "--batch-rows", "4"]

    def launch():
        return subprocess.Popen(
            [str(part) for part in command], env=environment, stdout=subprocess.DEVNULL,
            stderr=open(folder / "ray.txt", "ab"), start_new_session=True)

    process = launch()
    shard = shards / "shard-0.db"
    done = "SELECT count(*) FROM jobs WHERE state = 'completed'"

    def progress(count):
        return lambda: shard.exists() and query(shard, done)[0][0] >= count

    try:
        wait("the first answers", progress(20), process)
        victim, _ = pipes(folder)[0]
        send(victim, signal.SIGKILL)
        say("a 'nightshift pipe' killed")
        wait("its lines to be lost", lambda: query(shard, "SELECT count(*) FROM attempts WHERE outcome = 'lost'")[0][0] > 0,
             process)
        wait("more answers", lambda: progress(60)() and len(pipes(folder)) == 2, process)
        victim, actor = pipes(folder)[0]
        before = query(shard, "SELECT count(*) FROM attempts WHERE outcome = 'lost'")[0][0]
        send(actor, signal.SIGKILL)
        say("an actor killed")
        wait("its lines to be lost",
             lambda: query(shard, "SELECT count(*) FROM attempts WHERE outcome = 'lost'")[0][0] > before, process)
        wait("its process to die with it", lambda: victim not in [pipe for pipe, _ in pipes(folder)], process)
        wait("more answers", progress(100), process)
        send(process.pid, signal.SIGTERM)
        status = process.wait(timeout=60)
        expect(status == 75, f"stopped by SIGTERM, it ended with {status}")
        say(f"stopped by SIGTERM: {query(queue, done)[0][0]} of {JOBS} are home")
        expect(query(queue, done)[0][0] >= 100, "what was answered before the stop isn't home")
        process = launch()
        status = process.wait(timeout=240)
        expect(status == 0, f"the second run ended with {status}")
        judge(build, queue)
    except (RuntimeError, subprocess.TimeoutExpired, IndexError) as error:
        expect(False, f"{error}\n{(folder / 'ray.txt').read_text()[-3000:]}")
    finally:
        family = children_of([process.pid]) if process.poll() is None else set()
        for each in family:
            send(each, signal.SIGKILL)
    deadline = time.monotonic() + 15
    while (left := left_over(folder)) and time.monotonic() < deadline:
        time.sleep(0.2)
    expect(not left, f"processes left running: {left}")
    for each, _ in left:
        send(each, signal.SIGKILL)
    if findings:
        print(f"ray: {len(findings)} findings; everything is kept in {folder}")
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)
    say("ray: nothing was lost")


def judge(build, queue):
    states = dict(query(queue, "SELECT state, count(*) FROM jobs GROUP BY state"))
    expect(states == {"completed": JOBS}, f"states: {states}")
    twice = query(queue, "SELECT job_id FROM attempts WHERE outcome = 'completed' GROUP BY job_id HAVING count(*) <> 1")
    expect(not twice, f"completed more than once: {twice[:5]}")
    whole = query(queue, f"SELECT count(*) FROM result_texts WHERE completion_tokens = {TOKENS} AND length(text) > 0")[0][0]
    expect(whole == JOBS, f"{whole} results are whole")
    killed = query(queue, "SELECT count(DISTINCT worker_id), count(*) FROM attempts WHERE outcome = 'lost'")[0]
    expect(killed[0] == 2, f"two were killed, lost attempts tell of {killed[0]}")
    expect(killed[1] <= 16, f"{killed[1]} lines were lost by two kills, with 8 lines in hand each")
    say(f"all {JOBS} are completed once; {killed[1]} lines of 2 killed actors have run again")
    audit = subprocess.run([build / "nightshift-proof", "audit", "--db", queue], capture_output=True, text=True)
    expect(audit.returncode == 0, audit.stdout.strip())


def left_over(folder):
    needle = f"TEST_FOLDER={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if needle in (entry / "environ").read_bytes():
                    found.append((int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:200]))
            except OSError:
                continue
    return found


main()
