#!/usr/bin/env python3
"""Measures what `nightshift text` takes for documents of all formats, and for files that are made to harm it.

The files are made in a folder, by default a temporary one; each is read by a process of its own, whose seconds of
computing (its converter's too; the clock's may be more on a busy machine), memory and answer are printed as a table of
Markdown. Ends with 1 where one takes more than may be.

  measure.py .build/release/nightshift [--only NAME...] [--keep FOLDER]
"""

import argparse
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

import hostile
import ordinary

# What a night must bear of one file: seconds, and MiB of memory.
MOST_SECONDS = 20
MOST_MEMORY = 1600


def make(path, how):
    """Calls what makes a file, with the path where it takes one."""
    if path.exists():
        return
    # In a process of its own: a child's memory counts what its parent had before it became the reader.
    child = os.fork()
    if child == 0:
        try:
            if how.__code__.co_argcount == 1:
                how(path)
            else:
                path.write_bytes(how())
            os._exit(0)
        except BaseException as error:
            print(f"{path.name}: {error!r}", file=sys.stderr)
            os._exit(1)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"{path.name} could not be made")


def read(nightshift, path, arguments, seconds):
    """Reads a file; returns seconds of computing, MiB of memory, the exit status, and what was said."""
    with tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        child = subprocess.Popen(
            [nightshift, "text", path.name, *arguments], cwd=path.parent, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=errors,
        )
        status, usage = None, None
        while True:
            ended, status, usage = os.wait4(child.pid, os.WNOHANG)
            if ended:
                break
            if time.monotonic() - started > seconds:
                child.kill()
                _, status, usage = os.wait4(child.pid, 0)
                break
            time.sleep(0.005)
        errors.seek(0)
        # The first of what may be a million lines: who measures stays small.
        lines = errors.read(1 << 16).decode(errors="replace").splitlines()
    child.returncode = 0
    code = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, code, said(lines, path.name)


def said(lines, name):
    """The first line that says what is wrong, or else what was read."""
    reasons = [line for line in lines if line.startswith("nightshift: ")]
    line = (reasons or lines or [""])[0]
    line = re.sub(r"^nightshift: ", "", line).removeprefix(f"{name}: ")
    return line if len(line) <= 110 else line[:109] + "…"


def size(path):
    if path.is_dir():
        return "-"
    count = path.stat().st_size
    return f"{count / (1 << 20):.1f} MiB" if count >= 100_000 else f"{count:,} bytes"


def table(files, options, folder):
    """Prints a table; returns the names of those beyond a limit."""
    beyond = []
    print("| file | what it is | size | seconds | MiB | what is said |\n|---|---|--:|--:|--:|---|")
    for name, what, how, arguments in files:
        if options.only and name not in options.only:
            continue
        path = folder / name
        make(path, how)
        took, memory, code, line = read(options.nightshift, path, arguments, options.seconds)
        if took > MOST_SECONDS or memory > MOST_MEMORY or code < 0:
            beyond.append(name)
            line = f"**{'signal ' + str(-code) if code < 0 else 'beyond'}** {line}"
        line = line.replace("|", "\\|")
        print(f"| {name} | {what} | {size(path)} | {took:.2f} | {memory:.0f} | {line} |", flush=True)
        if not options.keep:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    print()
    return beyond


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nightshift", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER", help="make the files here, and leave them")
    parser.add_argument("--seconds", type=float, default=60, help="end a reader after this long")
    options = parser.parse_args()
    folder = options.keep or pathlib.Path(tempfile.mkdtemp(prefix="documents-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        print(f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}\n")
        beyond = table(ordinary.FILES, options, folder) + table(hostile.FILES, options, folder)
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    if beyond:
        print("beyond the limits: " + ", ".join(beyond), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
