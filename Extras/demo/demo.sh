#!/usr/bin/env bash
# Three documents summarized, paraphrased and asked, in a queue of its own, with the small model inside the executable.
# Usage: Extras/demo/demo.sh NIGHTSHIFT [MODEL]
set -euo pipefail

cd "$(dirname "$0")/../.."
nightshift=$1
export NIGHTSHIFT_MODEL=${2:-${NIGHTSHIFT_MODEL:-pocket}}
folder=$(mktemp -d "${TMPDIR:-/tmp}/nightshift-demo.XXXXXX")
export NIGHTSHIFT_DB=$folder/queue.db
documents=Extras/demo/documents

# Prints a command as one would type it, then runs it.
show() {
    local word line='$'
    for word; do
        case $word in
            *\'*) word="\"$word\"" ;; # None of ours has characters that mean something within them.
            *[!A-Za-z0-9_./:=,+-]* | '') word="'$word'" ;;
        esac
        line+=" $word"
    done
    printf '\n%s\n' "$line"
    "$@"
}

show "$nightshift" init "$NIGHTSHIFT_DB"
show "$nightshift" add summarize "$documents"/*.txt
show "$nightshift" add paraphrase "$documents/saint-lucia.txt"
show "$nightshift" add answer --question "When did Saint Lucia gain full independence?" "$documents/saint-lucia.txt"
# And one by hand, as anybody with a sqlite3 prompt can.
show sqlite3 "$NIGHTSHIFT_DB" "INSERT INTO jobs (kind, question, input) VALUES ('answer', 'Who makes honey?', 'Bees make honey.')"
show "$nightshift" work --drain
show sqlite3 -box "$NIGHTSHIFT_DB" \
    "SELECT id, kind, document, substr(replace(text, char(10), ' '), 1, 60) AS text, prompt_tokens AS prompt, completion_tokens AS tokens, seconds FROM result_texts ORDER BY id"

cat <<EOF

The texts come from a small, weakly trained model: they show the path, not the quality.
The queue is $NIGHTSHIFT_DB; look around in it with: sqlite3 $NIGHTSHIFT_DB
EOF
