"""A Ray actor that holds one `nightshift pipe` process, with the model resident."""

import ctypes
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time

import ray


def die_with_parent():
    # An actor that is killed takes its process with it: nobody would read its answers any more.
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@ray.remote
class PipeActor:
    def __init__(self, command):
        self.answers = queue.Queue()
        self.lines = queue.Queue()
        self.errors = ""
        self.started = threading.Event()
        self.process = None
        # The process dies with the thread that starts it, so that this one lives as long as the actor.
        threading.Thread(target=self.hold, args=(command,), daemon=True).start()
        self.started.wait()

    def hold(self, command):
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                preexec_fn=die_with_parent)
        except OSError as error:
            self.errors = str(error)
            self.answers.put(127)
            self.started.set()
            return
        self.started.set()
        threading.Thread(target=self.write, daemon=True).start()
        complaints = threading.Thread(target=self.listen, daemon=True)
        complaints.start()
        for line in self.process.stdout:
            try:
                answer = json.loads(line)
                self.answers.put((answer["custom_id"], answer))
            except (ValueError, KeyError, TypeError):
                continue  # A torn line of a process that was killed: its job runs again.
        status = self.process.wait()
        complaints.join(timeout=5)
        self.answers.put(status)
        threading.Event().wait()

    def write(self):
        try:
            while (line := self.lines.get()) is not None:
                self.process.stdin.write(line + "\n")
                if self.lines.empty():
                    self.process.stdin.flush()
            self.process.stdin.close()
        except (OSError, ValueError):
            pass  # The process has ended, as its status will tell.

    def listen(self):
        for line in self.process.stderr:
            self.errors = (self.errors + line)[-4000:]

    def give(self, lines):
        """Lines to answer, each with a custom_id of its own."""
        for line in lines:
            self.lines.put(line)

    def take(self, seconds=2.0):
        """Answers that have come, at least one if there is one in time; and how the process ended, once it has."""
        batch = {"name": self.name(), "answers": [], "ended": None, "errors": ""}
        deadline = time.monotonic() + seconds
        while True:
            try:
                wait = deadline - time.monotonic() if not batch["answers"] else 0
                item = self.answers.get(timeout=max(wait, 0.001))
            except queue.Empty:
                return batch
            if isinstance(item, int):
                batch["ended"], batch["errors"] = item, self.errors
                return batch
            batch["answers"].append(item)

    def name(self):
        return f"ray:{socket.gethostname()}:{self.process.pid if self.process else os.getpid()}"

    def stop(self, grace):
        """Finish what runs within the grace, and end."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            if grace <= 0:
                self.process.send_signal(signal.SIGTERM)
        self.lines.put(None)
