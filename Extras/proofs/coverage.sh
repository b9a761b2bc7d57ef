#!/usr/bin/env bash
# Runs all tests with coverage, in a build folder of its own, and prints the share of lines that they ran by module.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=.build/coverage
swift test --scratch-path "$folder" --enable-code-coverage --disable-xctest "$@" || echo "coverage: some tests failed" >&2
report=$(swift test --scratch-path "$folder" --show-codecov-path)
python3 - "$report" "$PWD/Sources/" <<'PYTHON'
import collections, json, sys

report, sources = sys.argv[1], sys.argv[2]
lines = collections.defaultdict(lambda: [0, 0])
for file in json.load(open(report))["data"][0]["files"]:
    if not file["filename"].startswith(sources):
        continue
    module = file["filename"][len(sources):].split("/")[0]
    summary = file["summary"]["lines"]
    for name in (module, "all"):
        lines[name][0] += summary["covered"]
        lines[name][1] += summary["count"]
for module in sorted(lines, key=lambda name: (name == "all", name)):
    covered, count = lines[module]
    print(f"{module:20} {100 * covered / max(count, 1):5.1f} %  of {count} lines")
PYTHON
