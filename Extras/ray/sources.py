"""Where lines come from and answers go: a nightshift queue, or files of JSON lines."""

import datetime
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path


class SourceError(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def seed_for(number):
    """The seed that nightshift gives a job that names none, so that the text doesn't depend on which actor writes it."""
    mask = (1 << 64) - 1
    z = number * 0x9E3779B97F4A7C15 & mask
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
    return (z ^ z >> 31) >> 1


def with_seed(line, number):
    body = line.get("body")
    if isinstance(body, dict):
        body.setdefault("seed", seed_for(number))
    elif "option.seed" not in line:
        options = line.setdefault("options", {})
        if isinstance(options, dict):
            options.setdefault("seed", seed_for(number))
    return line


class FileSource:
    """Lines of a file; answers are appended to another one, whole lines at a time."""

    def __init__(self, options):
        # Lines that never reached an actor.
        self.refused = 0
        self.input = options.input
        if not Path(self.input).is_file():
            raise SourceError(66, f"{self.input}: there is no such file")
        self.names = {}
        self.done = self.read_answers(options.output)
        try:
            self.output = open(options.output, "ab")
        except OSError as error:
            raise SourceError(73, f"{options.output}: {error.strerror}")
        if self.passed_over:
            print(f"{options.output}: {self.passed_over} answers there already", file=sys.stderr, flush=True)

    def read_answers(self, path):
        """The lines that the file has answers for. A torn last line is no answer, and is cut off."""
        done, end = set(), 0
        if Path(path).exists():
            with open(path, "rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    end += len(line)
                    try:
                        done.add(json.loads(line)["line"])
                    except (ValueError, KeyError, TypeError):
                        continue
            if end < Path(path).stat().st_size:
                os.truncate(path, end)
        self.passed_over = len(done)
        return done

    def __iter__(self):
        with open(self.input, encoding="utf-8", errors="surrogateescape") as file:
            for number, text in enumerate(file, 1):
                if not text.strip() or number in self.done:
                    continue
                key = str(number)
                try:
                    line = json.loads(text)
                    if not isinstance(line, dict):
                        raise ValueError("a line is an object")
                    text.encode("utf-8")
                except ValueError as error:
                    self.names[key] = None
                    self.refused += 1
                    self.take_failure(key, "invalid_json", f"line {number}: {error}")
                    continue
                self.names[key] = line.get("custom_id")
                line["custom_id"] = key
                yield key, json.dumps(with_seed(line, number), ensure_ascii=False)

    def take_answer(self, key, answer, worker):
        answer["custom_id"], answer["line"] = self.names.pop(key), int(key)
        # An actor counts the lines that it has been given.
        if answer.get("error") and isinstance(answer["error"].get("message"), str):
            answer["error"]["message"] = re.sub(r"^line \d+: ", f"line {key}: ", answer["error"]["message"])
        self.output.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")

    def take_failure(self, key, code, message):
        self.take_answer(
            key, {"id": f"batch_req_{key}", "custom_id": None, "response": None,
                  "error": {"code": code, "message": message}}, None)

    def note_loss(self, key, worker, why):
        pass

    def flush(self):
        self.output.flush()
        os.fsync(self.output.fileno())

    def close(self):
        self.flush()
        self.output.close()


class QueueSource:
    """The available jobs of a queue: they are given out as one shard, whose results `nightshift merge` brings home.

    A job is claimed, tried and finished in one transaction once its answer is there. So whatever is killed, no row is left
    running, and the same command goes on.
    """

    refused = 0

    def __init__(self, options):
        self.queue, self.nightshift = options.db, options.nightshift
        self.folder = Path(options.folder or f"{options.db}-ray/{options.batch or 'all'}-{time.strftime('%Y%m%d-%H%M%S')}")
        self.shard = self.folder / "shard-0.db"
        command = ["split", "--db", self.queue, "--shards", "1", "--out", str(self.folder)]
        if options.batch:
            command += ["--batch", options.batch]
        self.run(command)
        self.database = sqlite3.connect(self.shard, timeout=30, isolation_level=None)
        self.database.execute("PRAGMA synchronous = FULL")
        self.next_merge = time.monotonic() + 60
        # Lines under way: what their rows must get.
        self.began = {}

    def run(self, arguments, allowed=(0,)):
        try:
            outcome = subprocess.run([self.nightshift, *arguments], stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL)
        except OSError as error:
            raise SourceError(69, f"{self.nightshift}: {error.strerror}")
        if outcome.returncode not in allowed:
            raise SourceError(outcome.returncode, outcome.stderr.strip())
        return outcome.stderr.strip()

    def __iter__(self):
        last = (-1, "", -1)
        while True:
            # A page at a time, in the order of claims: the queue may be long.
            rows = self.database.execute(
                """SELECT j.id, j.priority, j.scheduled_at, j.kind, j.question, j.options, coalesce(d.text, j.input), d.title,
                     d.id IS NOT NULL, j.max_attempts, j.timeout_seconds
                   FROM jobs j LEFT JOIN documents d ON d.id = j.document_id
                   WHERE j.state = 'available' AND (j.priority, j.scheduled_at, j.id) > (?, ?, ?)
                   ORDER BY j.priority, j.scheduled_at, j.id LIMIT 200""", last).fetchall()
            if not rows:
                return
            for (job, priority, scheduled, kind, question, options, text, title, is_document, _, timeout) in rows:
                last = (priority, scheduled, job)
                line = {"custom_id": str(job), "kind": kind, "document" if is_document else "input": text or ""}
                if title and is_document:
                    line["title"] = title
                if question is not None:
                    line["question"] = question
                if timeout is not None:
                    line["timeout_seconds"] = timeout
                line["options"] = json.loads(options)
                self.began[str(job)] = now()
                yield str(job), json.dumps(with_seed(line, job), ensure_ascii=False)

    def attempt(self, job, worker, outcome, figures, state, error=None, hands_back=False):
        """One try of a job, from its claim to its end; returns its number, or None where it isn't to be had any more."""
        began = self.began.get(str(job), now())
        row = self.database.execute(
            """UPDATE jobs SET state = 'running', attempt = attempt + 1, attempted_at = ?, attempted_by = ?,
                 lease_expires_at = ? WHERE id = ? AND state = 'available' RETURNING attempt""",
            (began, worker, now(), job)).fetchone()
        if row is None:
            return None
        values = {"job_id": job, "attempt": row[0], "worker_id": worker, "outcome": outcome, "started_at": began,
                  "finished_at": now(), "error": error, "error_code": None, **figures}
        self.database.execute(
            f"INSERT INTO attempts ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", tuple(values.values()))
        if state is not None:
            self.database.execute(
                "UPDATE jobs SET state = ?, error = ?, max_attempts = max_attempts + ? WHERE id = ?",
                (state, error, 1 if hands_back else 0, job))
        return row[0]

    def transaction(self, body):
        self.database.execute("BEGIN IMMEDIATE")
        try:
            body()
            self.database.execute("COMMIT")
        except BaseException:
            self.database.execute("ROLLBACK")
            raise

    def take_answer(self, key, answer, worker):
        if answer.get("error") is not None:
            self.take_failure(key, answer["error"].get("code"), answer["error"].get("message"), worker)
            return
        body = answer["response"]["body"]
        usage, more, choice = body["usage"], body.get("nightshift", {}), body["choices"][0]
        text = choice["text"] if "text" in choice else choice["message"]["content"]
        figures = {
            "prompt_tokens": usage["prompt_tokens"], "completion_tokens": usage["completion_tokens"],
            "cached_tokens": usage.get("prompt_tokens_details", {}).get("cached_tokens"),
            "finish_reason": choice.get("finish_reason"), "seed": more.get("seed"), "engine": body.get("model")}

        def body_of_transaction():
            number = self.attempt(int(key), worker, "completed", figures, None)
            if number is None:
                return
            self.database.execute(
                "INSERT OR REPLACE INTO results (job_id, attempt, truncated, model, text) VALUES (?, ?, ?, ?, ?)",
                (int(key), number, 1 if more.get("truncated") else 0, body.get("model"), text))
            self.database.execute("UPDATE jobs SET state = 'completed', error = NULL WHERE id = ?", (int(key),))

        self.transaction(body_of_transaction)

    def take_failure(self, key, code, message, worker="ray"):
        self.transaction(lambda: self.attempt(
            int(key), worker, "failed", {"error_code": code}, "discarded", message))

    def note_loss(self, key, worker, why):
        self.transaction(lambda: self.attempt(
            int(key), worker, "lost", {"error_code": "worker_died"}, "available", why, hands_back=True))
        self.began[key] = now()

    def flush(self):
        if time.monotonic() > self.next_merge:
            self.merge()

    def merge(self):
        said = self.run(["merge", "--db", self.queue, str(self.shard)], allowed=(0, 1, 75))
        print(said, file=sys.stderr, flush=True)
        self.next_merge = time.monotonic() + 60

    def close(self):
        self.merge()
        self.database.close()
