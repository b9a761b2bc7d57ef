#!/usr/bin/env python3
"""Measure the PyPI package `tokenizers` as TokenizerBenchmark measures ours: same documents, median of 5 rounds."""

import argparse
import array
import json
import os
import pathlib
import statistics
import sys
import time

import tokenizers


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--ids", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("file", type=pathlib.Path)
    options = parser.parse_args()
    if os.environ.get("RAYON_NUM_THREADS") != "1" or os.environ.get("TOKENIZERS_PARALLELISM") != "false":
        raise SystemExit("set RAYON_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false: this measures one thread")

    tokenizer = tokenizers.Tokenizer.from_file(str(options.model / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    documents = options.file.read_bytes().decode().split("\0")
    megabytes = sum(len(document.encode()) for document in documents) / 1e6

    # The call without offsets is the faster one. Making Python lists of the ids is not measured.
    seconds = []
    for count in range(options.rounds + 1):
        start = time.perf_counter()
        encodings = tokenizer.encode_batch_fast(documents, add_special_tokens=False)
        if count > 0:
            seconds.append(time.perf_counter() - start)

    ids = array.array("i", [token for encoding in encodings for token in encoding.ids])
    if sys.byteorder == "big":
        ids.byteswap()
    options.ids.write_bytes(ids.tobytes())
    median = statistics.median(seconds)
    print(json.dumps({
        "name": f"tokenizers {tokenizers.__version__}", "mb": megabytes, "documents": len(documents),
        "tokens": len(ids), "seconds": median, "mb_per_s": megabytes / median,
        "fastest_seconds": min(seconds), "slowest_seconds": max(seconds),
    }))


if __name__ == "__main__":
    main()
