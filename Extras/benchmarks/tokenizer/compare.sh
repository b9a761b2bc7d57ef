#!/usr/bin/env bash
# Compare the speed of this tokenizer with the PyPI package `tokenizers`, each on one thread, and check equal ids.
#
#   Extras/benchmarks/tokenizer/compare.sh [--model FOLDER] [--runs N] [TEXT_FILE]
#
# FOLDER holds a tokenizer.json: by default GPT-J's own in shared/, else that of the repository's small model. The text is
# made up to 10 MB: by default English books from shared/corpora, else the documents of this repository, repeated.
# shared/ lies beside the repository or where NIGHTSHIFT_SHARED points. What is installed and made goes to .cache/.
set -euo pipefail

repository=$(cd "$(dirname "$0")/../../.." && pwd)
shared=${NIGHTSHIFT_SHARED:-$repository/../shared}
cache=$repository/.cache/tokenizer-benchmark
model=$shared/golden/tokenizer/gpt-j-6b
[[ -f $model/tokenizer.json ]] || model=$repository/Extras/models/reference-small
runs=3
text=

while (($#)); do
    case $1 in
    --model) model=$2; shift 2 ;;
    --runs) runs=$2; shift 2 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    *) text=$1; shift ;;
    esac
done
if [[ ! -f $model/tokenizer.json ]]; then
    echo "no tokenizer.json in $model: name a folder with --model" >&2
    exit 1
fi

mkdir -p "$cache"
python=$cache/venv/bin/python
if [[ ! -x $python ]]; then
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install --quiet 'tokenizers==0.22.2'
fi
swift build --package-path "$repository" -c release --product TokenizerBenchmark
benchmark=$(swift build --package-path "$repository" -c release --show-bin-path)/TokenizerBenchmark

documents=$cache/documents
"$python" "$repository/Extras/benchmarks/tokenizer/make_documents.py" \
    --repository "$repository" --shared "$shared" --output "$documents" ${text:+"$text"}

export RAYON_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false
: >"$cache/results.jsonl"
for ((run = 1; run <= runs; run++)); do
    echo "run $run of $runs" >&2
    "$benchmark" --model "$model" --ids "$cache/ours.ids" "$documents" >>"$cache/results.jsonl"
    "$python" "$repository/Extras/benchmarks/tokenizer/reference.py" \
        --model "$model" --ids "$cache/theirs.ids" "$documents" >>"$cache/results.jsonl"
done
"$python" "$repository/Extras/benchmarks/tokenizer/table.py" "$cache/results.jsonl"
if cmp -s "$cache/ours.ids" "$cache/theirs.ids"; then
    echo "ids: equal"
else
    echo "ids: DIFFERENT ($cache/ours.ids, $cache/theirs.ids)"
    exit 1
fi
