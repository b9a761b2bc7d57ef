#!/usr/bin/env python3
"""Jobs in 8 shards on two Slurm nodes of this machine: 96 in a calm night, whose length is compared with the plan, and 400
with workers killed and a node that vanishes.

usage: test_slurm.py BUILD_FOLDER
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
from local_slurm import LocalSlurm, processes_below, send

JOBS, SHARDS, TOKENS, STEP, AT_ONCE = 400, 8, 40, 0.05, 4


class Night:
    """The queue, its shards, and the commands that a user would type."""

    def __init__(self, folder, build, cluster, name):
        self.folder, self.build, self.cluster = folder, build, cluster
        self.queue = folder / f"{name}.db"
        self.shared = folder / f"{name}-shared"

    def nightshift(self, *arguments, check=True):
        outcome = subprocess.run(
            [self.build / "nightshift", *arguments], env=self.cluster.environment, capture_output=True, text=True)
        if check and outcome.returncode not in (0, 75):
            raise RuntimeError(f"nightshift {' '.join(arguments)}: {outcome.returncode}: {outcome.stderr}")
        return outcome

    def query(self, sql):
        with sqlite3.connect(self.queue, timeout=10) as database:
            return database.execute(sql).fetchall()

    def add_jobs(self, count):
        if not self.queue.exists():
            self.nightshift("init", str(self.queue))
        options = json.dumps({"max_new_tokens": TOKENS, "min_new_tokens": TOKENS})
        with sqlite3.connect(self.queue) as database:
            database.executemany(
                "INSERT INTO jobs(kind, input, options) VALUES ('generate', ?, ?)",
                [(f"Once upon a time, number {number},", options) for number in range(count)])

    def submit(self):
        outcome = self.nightshift(
            "slurm", "submit", "--db", str(self.queue), "--nodes", "2", "--shards", str(SHARDS), "--out",
            str(self.shared), "--program", str(self.build / "nightshift-proof"), "--scratch",
            f"{self.folder}/disk-$SLURMD_NODENAME", "--bring-back", "2s", "--restarts", "10", "--mem", "100",
            "--setup", f'[ ! -e "{self.folder}/broken-$SLURMD_NODENAME" ]', "--", "-j", str(AT_ONCE), "--step", str(STEP))
        say(outcome.stderr.strip().splitlines()[0])

    def sync(self):
        outcome = self.nightshift("slurm", "sync", "--db", str(self.queue), "--json")
        return outcome.returncode, json.loads(outcome.stdout)

    def workers(self):
        """Node, task and process of each worker that is at work."""
        found = []
        for process in processes_below(self.folder):
            try:
                command = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
                variables = dict(
                    pair.split(b"=", 1) for pair in Path(f"/proc/{process}/environ").read_bytes().split(b"\0") if b"=" in pair)
            except (OSError, ValueError):
                continue
            if len(command) > 1 and command[1] == b"work" and b"SLURM_ARRAY_TASK_ID" in variables:
                shard = int(variables[b"SLURM_ARRAY_TASK_ID"])
                found.append((variables[b"SLURMD_NODENAME"].decode(), shard, process))
        return sorted(found)

    def worker_on(self, node, seconds=90):
        """A worker that has brought something back, and goes on: with jobs left for some seconds, so that it can't have ended
        when it's killed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for where, shard, process in self.workers():
                if where == node and 0 <= self.brought_back(shard) <= 0.7 * JOBS / SHARDS:
                    return shard, process
            time.sleep(0.2)
        raise RuntimeError(f"no worker came to {node}; {self.workers()}\n{self.cluster.run('squeue')}")

    def last_run(self, shard):
        runs = [int(path.name.split(".run")[1].split(".")[0]) for path in self.shared.glob(f"shard-{shard}.run*.json")]
        return max(runs, default=0)

    def state(self, shard, run):
        return self.shared / f"shard-{shard}.run{run}.db"

    def brought_back(self, shard):
        """How many jobs are done in what the shard's last run has brought back; -1 where that's nothing yet."""
        state = self.state(shard, self.last_run(shard))
        if not state.exists():
            return -1
        with sqlite3.connect(f"file:{state}?mode=ro&immutable=1", uri=True) as database:
            return database.execute("SELECT count(*) FROM jobs WHERE state = 'completed'").fetchone()[0]

    def last_event(self, shard):
        try:
            lines = (self.shared / "tasks" / f"shard-{shard}.tsv").read_text().splitlines()
        except OSError:
            return []
        return lines[-1].split("\t") if lines else []

    def wait_for_event(self, shard, event, node=None, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            text = (self.shared / "tasks" / f"shard-{shard}.tsv").read_text()
            for line in text.splitlines():
                fields = line.split("\t")
                if fields[4] == event and node in (None, fields[3]):
                    return
            time.sleep(0.2)
        raise RuntimeError(f"shard {shard}: no '{event}' came:\n{text}")


def calm(night):
    """A night without trouble, as long as it was planned to be, about; the figures are for whoever reads them."""
    night.add_jobs(16)
    subprocess.run(
        [night.build / "nightshift-proof", "work", "--db", night.queue, "--drain", "-j", str(AT_ONCE), "--step", str(STEP)],
        env=night.cluster.environment, check=True, capture_output=True)
    night.add_jobs(96)
    plans = json.loads(night.nightshift(
        "plan", "--db", str(night.queue), "--nodes", "2", "--shards", str(SHARDS), "--delay", "1", "--json").stdout)["plans"]
    night.submit()
    finish(night, night.cluster)
    (taken,) = night.query(
        "SELECT (julianday(max(ended_at)) - julianday(min(started_at))) * 86400 FROM shard_runs")[0]
    for plan in plans:
        say(f"planned for {plan['nodes']} nodes: {plan['seconds']} s ({plan['seconds_low']} to {plan['seconds_high']})")
    say(f"on 2 nodes it took {taken:.1f} s")
    states = dict(night.query("SELECT state, count(*) FROM jobs GROUP BY state"))
    expect(states == {"completed": 112}, f"a calm night: {states}")
    runs = night.query("SELECT count(*), sum(outcome = 'done') FROM shard_runs")
    expect(runs == [(SHARDS, SHARDS)], f"a calm night had {runs[0][0]} runs, of which {runs[0][1]} are done")


def trouble(night, cluster):
    """Kills and disturbs; returns the runs that were killed: (shard, run)."""
    killed = set()
    shard, process = night.worker_on("n1")
    killed.add((shard, night.last_run(shard)))
    (night.folder / "broken-n1").touch()
    send(process, signal.SIGKILL)
    say(f"worker of shard {shard} on n1 killed; n1 has lost its model")
    night.wait_for_event(shard, "requeued", "n1")
    deadline = time.monotonic() + 60
    while not any("requeued elsewhere" in path.read_text() for path in (night.shared / "tasks").iterdir()):
        if time.monotonic() > deadline:
            raise RuntimeError("no task was sent elsewhere")
        time.sleep(0.2)
    (night.folder / "broken-n1").unlink()
    say("a task that found no model on n1 goes elsewhere; n1 has it again")

    shard, process = night.worker_on("n2")
    killed.add((shard, night.last_run(shard)))
    send(process, signal.SIGKILL)
    say(f"worker of shard {shard} on n2 killed")
    night.wait_for_event(shard, "requeued", "n2")

    shard, process = night.worker_on("n1")
    # As --signal=B:USR1@60 does: to the script alone.
    send(int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1]), signal.SIGUSR1)
    night.wait_for_event(shard, "requeued", "n1")
    say(f"shard {shard} on n1 told that its time is up; it was handed back")

    shard, _ = night.worker_on("n2")
    killed.add((shard, night.last_run(shard)))
    victims = cluster.kill_node("n2")
    say(f"n2 vanished with shard {shard}: {len(victims)} processes")
    cluster.wait("n2 to be missed", lambda: "down" in cluster.node_states()["n2"], seconds=60)
    say(f"n2 is down, and shard {shard} waits again")
    asked = time.monotonic()
    status, outlook = night.sync()
    say(f"sync meanwhile took {time.monotonic() - asked:.1f} s: {outlook['completed']} of {JOBS}, {outlook['missing']} missing, exit code {status}")
    expect(status == 75, f"sync with work left ended with {status}")
    time.sleep(10)
    cluster.start_node("n2")
    say("n2 is back")
    return killed


def finish(night, cluster, seconds=300):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status, outlook = night.sync()
        if status == 0:
            return outlook
        if status != 75:
            raise RuntimeError(f"sync: {status}: {outlook}")
        time.sleep(2)
    raise RuntimeError(f"not done in time: {outlook}\n{cluster.run('squeue')}")


def judge(night, killed):
    states = dict(night.query("SELECT state, count(*) FROM jobs GROUP BY state"))
    expect(states == {"completed": JOBS}, f"states: {states}")
    twice = night.query(
        "SELECT job_id FROM events WHERE to_state = 'completed' GROUP BY job_id HAVING count(*) <> 1")
    expect(not twice, f"completed more than once: {twice[:5]}")
    tokens = night.query(
        f"SELECT count(*) FROM result_texts WHERE completion_tokens = {TOKENS} AND length(text) > 0")[0][0]
    expect(tokens == JOBS, f"{tokens} results are whole")
    status = night.query("SELECT completed, running, pending, available FROM queue_status WHERE queue = 'default'")
    expect(status == [(JOBS, 0, 0, 0)], f"queue_status: {status}")
    progress = night.query("SELECT sum(jobs), sum(completed), sum(missing), count(*) FROM shard_progress")
    expect(progress == [(JOBS, JOBS, 0, SHARDS)], f"shard_progress: {progress}")
    finished = night.query("SELECT count(*) FROM slurm_runs WHERE finished_at IS NOT NULL")[0][0]
    expect(finished == 1, "the run isn't noted as finished")
    # Every kill is explained, and nothing else is.
    found = set(night.query("SELECT shard, run FROM shard_history WHERE outcome LIKE '%vanished'"))
    expect(found == killed, f"killed were {sorted(killed)}, noted as killed are {sorted(found)}")
    lost = night.query("SELECT DISTINCT worker_id FROM attempts WHERE outcome = 'lost'")
    expect(len(lost) <= len(killed), f"{len(lost)} workers have lost attempts, {len(killed)} were killed")
    bad = night.query("SELECT outcome, count(*) FROM attempts WHERE outcome NOT IN ('completed','lost','interrupted') GROUP BY 1")
    expect(not bad, f"attempts that ended in other ways: {bad}")
    counts = dict(night.query("SELECT outcome, count(*) FROM attempts GROUP BY outcome"))
    say(f"attempts: {counts}; runs of shards: {night.query('SELECT outcome, count(*) FROM shard_history GROUP BY 1')}")
    audit = subprocess.run([night.build / "nightshift-proof", "audit", "--db", night.queue], capture_output=True, text=True)
    expect(audit.returncode == 0, audit.stdout.strip())
    again, outlook = night.sync()
    expect(again == 0 and outlook["taken"] == 0, f"another sync: exit code {again}, {outlook['taken']} taken")
    partial = [path.name for path in night.shared.iterdir() if path.name.endswith(".part")]
    expect(not partial, f"left in the shared folder: {partial}")


def main():
    build = Path(sys.argv[1]).resolve()
    folder = Path(tempfile.mkdtemp(prefix="nightshift-slurm-"))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(128 + number))
    try:
        with LocalSlurm(folder / "slurm") as cluster:
            say(f"Slurm {cluster.run('sinfo', '--version').split()[-1]}: {cluster.node_states()}")
            expect(cluster.listening() <= {"0100007F"}, f"it listens on {cluster.listening()}")
            calm(Night(folder, build, cluster, "calm"))
            night = Night(folder, build, cluster, "queue")
            night.add_jobs(JOBS)
            night.submit()
            begun = time.monotonic()
            killed = trouble(night, cluster)
            finish(night, cluster)
            say(f"all {JOBS} jobs are home {time.monotonic() - begun:.0f} s after the submission")
            judge(night, killed)
            left = cluster.run("squeue", "--noheader")
            expect(not left.strip(), f"left in Slurm's queue: {left}")
    except RuntimeError as error:
        expect(False, str(error))
    left = processes_below(folder)
    expect(not left, f"processes left running: {left}")
    if findings:
        print(f"slurm: {len(findings)} findings; everything is kept in {folder}")
        sys.exit(1)
    shutil.rmtree(folder)
    say("slurm: nothing was lost")


main()
