#!/usr/bin/env bash
# Check GGUF files both ways with the PyPI package `gguf`: what `nightshift model convert` writes is read by the package
# and compared with its own quantization, bit for bit; what the package writes is run by nightshift.
#
#   Extras/checks/gguf/check.sh [MODEL_FOLDER]
#
# MODEL_FOLDER has one model.safetensors: by default the repository's small model. What is installed and made goes to
# .cache/.
set -euo pipefail

repository=$(cd "$(dirname "$0")/../../.." && pwd)
cache=$repository/.cache/gguf-check
model=${1:-$repository/Extras/models/reference-small}

mkdir -p "$cache"
python=$cache/venv/bin/python
if [[ ! -x $python ]]; then
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet 'gguf==0.19.0' 'numpy>=2'
fi
swift build --package-path "$repository" -c release --product nightshift
nightshift=$(swift build --package-path "$repository" -c release --show-bin-path)/nightshift

exec "$python" "$repository/Extras/checks/gguf/check.py" --nightshift "$nightshift" --work "$cache" "$model"
