#!/usr/bin/env bash
# Check ROUGE and the stemmer with the PyPI package `rouge-score`: the same thousands of random pairs of texts are scored by
# both, with and without stemming, and must give the same F to the last digits.
#
#   Extras/checks/rouge/check.sh [PAIRS] [SEED]
#
# What is installed and made goes to .cache/.
set -euo pipefail

repository=$(cd "$(dirname "$0")/../../.." && pwd)
cache=$repository/.cache/rouge-check

mkdir -p "$cache"
python=$cache/venv/bin/python
if [[ ! -x $python ]]; then
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet 'rouge-score==0.1.2'
fi
swift build --package-path "$repository" -c release --product nightshift
nightshift=$(swift build --package-path "$repository" -c release --show-bin-path)/nightshift

exec "$python" "$repository/Extras/checks/rouge/check.py" \
    --nightshift "$nightshift" --work "$cache" --pairs "${1:-3000}" --seed "${2:-1}"
