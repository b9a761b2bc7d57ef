#!/usr/bin/env python3
"""Write about 10 MB of English documents with NUL bytes between them, the input of both benchmarks."""

import argparse
import gzip
import itertools
import json
import pathlib

SIZE = 10_000_000
BOOKS = ["text/childrens_books.jsonl.gz", "text/novels.jsonl.gz"]


def books(files):
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["text"]


def documents(options):
    if options.text:
        return itertools.repeat(options.text.read_text(encoding="utf-8"))
    files = [options.shared / "corpora" / name for name in BOOKS]
    if all(file.is_file() for file in files):
        return itertools.cycle(books(files))
    own = [path for kind in ("*.md", "*.txt") for path in sorted(options.repository.glob("[!.]*/**/" + kind))]
    own += sorted(options.repository.glob("*.md"))
    if not own:
        raise SystemExit("no text found: name a text file")
    return itertools.cycle([path.read_text(encoding="utf-8") for path in own])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repository", type=pathlib.Path, required=True)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("text", type=pathlib.Path, nargs="?")
    options = parser.parse_args()
    size = 0
    with options.output.open("wb") as output:
        for document in documents(options):
            encoded = document.replace("\0", "").encode()
            if not encoded:
                continue
            output.write((b"\0" if size else b"") + encoded)
            size += len(encoded)
            if size >= SIZE:
                break


if __name__ == "__main__":
    main()
