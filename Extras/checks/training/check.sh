#!/usr/bin/env bash
# Check what `train`, `tune`, `model merge` and `tokenizer train` write with the PyPI packages `transformers`, `peft` and
# `tokenizers`: the same logits, the same tokens. And the other way: adapters that `peft` has saved, in nightshift's engine.
#
#   Extras/checks/training/check.sh
#
# It trains models of its own, which takes seconds. What is installed (some GB with torch) and made goes to .cache/.
set -euo pipefail

repository=$(cd "$(dirname "$0")/../../.." && pwd)
cache=$repository/.cache/training-check

mkdir -p "$cache"
python=$cache/venv/bin/python
if ! "$python" -c 'import transformers, peft' 2>/dev/null; then
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet -r "$repository/Extras/checks/training/requirements.txt"
fi
swift build --package-path "$repository" -c release --product nightshift
nightshift=$(swift build --package-path "$repository" -c release --show-bin-path)/nightshift

exec "$python" "$repository/Extras/checks/training/check.py" --nightshift "$nightshift" --work "$cache"
