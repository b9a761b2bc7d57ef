#!/usr/bin/env python3
"""Answers a queue's jobs, or JSON lines, by `nightshift pipe` processes that Ray holds as actors all over its cluster.

The model is loaded once an actor. Lines go to whichever actor has room, so that the balance finds itself; those of an actor
that dies run again elsewhere. README.md beside this file tells how.
"""

import argparse
import collections
import signal
import sys
import time

import ray

from pipe_actor import PipeActor
from sources import FileSource, QueueSource, SourceError

EXIT_OK, EXIT_SOME_FAILED, EXIT_USAGE, EXIT_UNAVAILABLE, EXIT_TEMPORARY = 0, 1, 64, 69, 75


def say(text):
    print(text, file=sys.stderr, flush=True)


class Item:
    """A line on its way."""

    def __init__(self, key, line):
        self.key, self.line = key, line
        self.deaths = 0


class Hand:
    """An actor as the driver sees it: what it has been given, and the call that waits for its answers."""

    def __init__(self, number, handle):
        self.number, self.handle = number, handle
        self.items = {}
        self.answered = 0
        self.name = None
        self.call = handle.take.remote()


class Crew:
    def __init__(self, source, options):
        self.source, self.options = source, options
        self.lines = iter(source)
        self.has_more = True
        # Lines whose actor has died: any of them may have killed it, so that each runs alone.
        self.suspects = collections.deque()
        # Given back by an actor that was replaced for another reason.
        self.returned = collections.deque()
        self.hands = []
        self.completed = self.failed = 0
        # Actors that died one after the other without having answered anything.
        self.vain = 0
        self.stops = 0
        self.next_number = 0

    # Feeding

    @property
    def all_failed(self):
        return self.failed + self.source.refused

    def next_item(self):
        if self.returned:
            return self.returned.popleft()
        if self.has_more:
            try:
                return Item(*next(self.lines))
            except StopIteration:
                self.has_more = False
        return None

    def feed(self, hand):
        """Gives an actor as much as it has room for; no more is read than that."""
        if self.stops:
            return
        if self.suspects and hand is self.hands[0]:
            # This one comes to rest, and takes them one by one.
            items = [] if hand.items else [self.suspects.popleft()]
        elif any(item.deaths for item in hand.items.values()):
            return
        else:
            items = []
            while len(hand.items) + len(items) < self.options.window and (item := self.next_item()):
                items.append(item)
        if items:
            for item in items:
                hand.items[item.key] = item
            hand.handle.give.remote([item.line for item in items])

    @property
    def is_done(self):
        return not (self.has_more or self.returned or self.suspects or any(hand.items for hand in self.hands))

    # Actors

    def hire(self):
        options = self.options
        actor = PipeActor.options(num_cpus=options.cpus, num_gpus=options.gpus, max_concurrency=4, max_restarts=0)
        hand = Hand(self.next_number, actor.remote(options.command))
        self.next_number += 1
        self.hands.append(hand)

    def bury(self, hand, why):
        """Another actor takes the place of one that is dead; its lines run again, each alone."""
        self.hands.remove(hand)
        self.vain = 0 if hand.answered else self.vain + 1
        say(f"actor {hand.number}{f' ({hand.name})' if hand.name else ''}: {why}; {len(hand.items)} lines run again")
        for item in hand.items.values():
            item.deaths += 1
            self.source.note_loss(item.key, hand.name or f"ray:{hand.number}", why)
            if item.deaths >= self.options.tries:
                self.failed += 1
                self.source.take_failure(item.key, "worker_died", f"{item.deaths} actors have died in it: {why}")
            else:
                self.suspects.append(item)
        hand.items = {}
        end(hand)
        if self.vain >= self.options.tries * max(1, self.options.actors):
            raise SourceError(EXIT_UNAVAILABLE, f"{self.vain} actors have died before their first answer; the last: {why}")
        if not self.stops:
            self.hire()

    # Answers

    def take(self, hand, batch):
        hand.name = batch["name"]
        for key, answer in batch["answers"]:
            item = hand.items.pop(key, None)
            if item is None:
                continue  # Answered before, by an actor that was thought dead.
            hand.answered += 1
            self.vain = 0
            if answer.get("error") is None:
                self.completed += 1
            else:
                self.failed += 1
            self.source.take_answer(key, answer, hand.name)
        self.source.flush()

    def look(self, seconds=1.0):
        ready, _ = ray.wait([hand.call for hand in self.hands], num_returns=1, timeout=seconds)
        for hand in [hand for hand in self.hands if hand.call in ready]:
            try:
                batch = ray.get(hand.call)
            except ray.exceptions.RayError as error:
                self.bury(hand, f"the actor died ({type(error).__name__})")
                continue
            self.take(hand, batch)
            if batch["ended"] is not None:
                if hand.items or not self.stops:
                    self.bury(hand, f"nightshift pipe ended with {batch['ended']}: {batch['errors'].strip()[-300:]}")
                else:
                    self.hands.remove(hand)
                    end(hand)
                continue
            hand.call = hand.handle.take.remote()
            self.feed(hand)

    def run(self):
        for _ in range(self.options.actors):
            self.hire()
        for hand in list(self.hands):
            self.feed(hand)
        next_word = time.monotonic() + 10
        while not self.is_done and not self.stops:
            self.look()
            for hand in self.hands:
                self.feed(hand)
            if time.monotonic() > next_word:
                next_word += 10
                under_way = sum(len(hand.items) for hand in self.hands)
                say(f"{self.completed} answered, {self.all_failed} failed, {under_way} with {len(self.hands)} actors")

    def dismiss(self):
        """Lets the actors finish what they have within the grace, and takes it."""
        deadline = time.monotonic() + self.options.grace + 5
        for hand in self.hands:
            hand.handle.stop.remote(self.options.grace if self.stops < 2 else 0)
        while self.hands and time.monotonic() < deadline and self.stops < 2:
            waits = [hand for hand in self.hands]
            ready, _ = ray.wait([hand.call for hand in waits], num_returns=1, timeout=0.5)
            for hand in [hand for hand in waits if hand.call in ready]:
                try:
                    batch = ray.get(hand.call)
                except ray.exceptions.RayError:
                    self.hands.remove(hand)
                    end(hand)
                    continue
                self.take(hand, batch)
                if batch["ended"] is not None:
                    self.hands.remove(hand)
                    end(hand)
                else:
                    hand.call = hand.handle.take.remote()
        for hand in self.hands:
            end(hand)


def end(hand):
    """Ends an actor's process, which Ray would else leave behind."""
    try:
        ray.kill(hand.handle)
    except Exception:  # It's gone in any case.
        pass


def parse(arguments):
    parser = argparse.ArgumentParser(
        description="Answers a queue's jobs, or JSON lines, by 'nightshift pipe' processes held as Ray actors.",
        epilog="What follows -- goes to 'nightshift pipe', such as --model /shared/models/gpt-j-6b --threads 16.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--db", help="the queue whose available jobs are to be done")
    what.add_argument("--input", help="a file of JSON lines, as 'nightshift import' reads them")
    parser.add_argument("--output", help="with --input: the file that answers are appended to; what it has is not done again")
    parser.add_argument("--folder", help="with --db: where the jobs lie meanwhile; by default beside the queue")
    parser.add_argument("--batch", help="with --db: only jobs of this batch")
    parser.add_argument("--actors", type=int, default=1, help="'nightshift pipe' processes (default 1)")
    parser.add_argument("--cpus", type=float, default=1, help="cores that Ray sets aside for each (default 1)")
    parser.add_argument("--gpus", type=float, default=0, help="GPUs that Ray sets aside for each (default 0)")
    parser.add_argument("--window", type=int, default=64, help="lines in an actor's hands at once (default 64)")
    parser.add_argument("--tries", type=int, default=3, help="actors that may die in a line before it is given up (default 3)")
    parser.add_argument("--grace", type=float, default=30, help="seconds that running lines get after a stop (default 30)")
    parser.add_argument("--address", help="Ray's address; by default a cluster of this machine alone")
    parser.add_argument("--nightshift", default="nightshift", help="the program on the nodes (default: on the PATH)")
    parser.add_argument("pipe", nargs="*", metavar="-- OPTION", help="more for 'nightshift pipe'")
    options = parser.parse_args(arguments)
    if options.input and not options.output:
        parser.error("--input needs --output")
    for name in ["actors", "window", "tries"]:
        if getattr(options, name) < 1:
            parser.error(f"--{name} takes at least 1")
    options.command = [options.nightshift, "pipe", "--quiet", "--grace", f"{int(options.grace)}s", *options.pipe]
    return options


def connect(options):
    common = {"ignore_reinit_error": True, "log_to_driver": False, "logging_level": "ERROR", "include_dashboard": False}
    # The actors' own modules lie beside this file, which nodes of a larger cluster must be given.
    from pathlib import Path
    common["runtime_env"] = {"env_vars": {"PYTHONPATH": str(Path(__file__).resolve().parent)}}
    if options.address:
        common.pop("include_dashboard")
        common["runtime_env"] = {"working_dir": str(Path(__file__).resolve().parent)}
        ray.init(address=options.address, **common)
    else:
        ray.init(num_cpus=max(1, int(options.actors * max(options.cpus, 1))), _node_ip_address="127.0.0.1", **common)


def main(arguments=None):
    try:
        options = parse(arguments)
    except SystemExit as error:
        sys.exit(EXIT_USAGE if error.code else 0)
    crew = None
    stops = 0

    def stop(number, _):
        nonlocal stops
        stops += 1
        if crew:
            crew.stops = stops
        say("stopping: no more lines are given out" if stops == 1 else "stopping at once")

    try:
        source = QueueSource(options) if options.db else FileSource(options)
    except SourceError as error:
        say(f"nightshift_ray: {error}")
        sys.exit(error.status)
    connect(options)
    # Ray sets handlers of its own at its start.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    status = EXIT_OK
    crew = Crew(source, options)
    crew.stops = stops
    try:
        crew.run()
    except SourceError as error:
        say(f"nightshift_ray: {error}")
        status = error.status
    finally:
        crew.stops = max(crew.stops, stops)
        undone = not crew.is_done
        crew.dismiss()
        source.close()
        ray.shutdown()
    say(f"{crew.completed} answered, {crew.all_failed} failed" + (", work is left" if undone else ""))
    if status == EXIT_OK:
        status = EXIT_TEMPORARY if undone else EXIT_SOME_FAILED if crew.all_failed else EXIT_OK
    sys.exit(status)


if __name__ == "__main__":
    main()
