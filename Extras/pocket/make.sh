#!/usr/bin/env bash
# Makes the pocket model from the corpora. Each step is skipped where its output is there; training goes on where it
# was stopped. Usage: Extras/pocket/make.sh CORPORA WORK [NIGHTSHIFT]
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
corpora=$1
work=$2
nightshift=${3:-nightshift}
threads=${THREADS:-2}
# bf16 is several times as fast where the processor has a tile unit, and f32 the faster where it has none.
precision=${PRECISION:-$(grep -qw amx_bf16 /proc/cpuinfo && echo bf16 || echo f32)}
mkdir -p "$work"

say() { printf '== %s\n' "$*" >&2; }

if [ ! -d "$work/data" ]; then
    say "examples"
    rm -rf "$work/data.partial"
    python3 "$here/recipe/prepare.py" "$corpora" "$work/data.partial" --scale "${SCALE:-1}"
    mv "$work/data.partial" "$work/data"
fi
if [ ! -f "$work/tokenizer/tokenizer.json" ]; then
    say "tokenizer"
    special=()
    for name in endoftext summarize paraphrase answer text question out end short medium long \
        reserved_0 reserved_1 reserved_2 reserved_3 reserved_4; do
        special+=(--special "<|$name|>")
    done
    "$nightshift" tokenizer train --vocabulary-size 4096 "${special[@]}" --no-digit-merges \
        --output "$work/tokenizer" "$work/data/train/text.jsonl"
fi
for part in train dev; do
    mkdir -p "$work/tokens/$part"
    for file in "$work/data/$part"/*.jsonl; do
        tokens=$work/tokens/$part/$(basename "$file" .jsonl).tokens
        [ -f "$tokens" ] || "$nightshift" train prepare --tokenizer "$work/tokenizer" --output "$tokens" "$file"
    done
done

say "training"
data=()
for file in "$work"/tokens/train/*.tokens; do data+=(--data "$file"); done
dev=()
for name in answers facts summaries paraphrases copies people text; do dev+=(--dev "$work/tokens/dev/$name.tokens"); done
[ -n "${PREPARE_ONLY:-}" ] && exit
exec "$nightshift" train --shape "$here/model.json" --tokenizer "$work/tokenizer" "${data[@]}" "${dev[@]}" \
    --plan "$here/plan.yaml" --output "$work/model" --optimizer muon --rate 0.003 --matrix-rate 0.02 \
    --schedule wsd --warm-up 172 --decay 3400 --length 1024 --sequences 4 --at-once 4 \
    --checkpoint-every 100 --evaluate-every 400 --evaluate-windows 24 --precision "$precision" --threads "$threads"
