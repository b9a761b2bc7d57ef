#!/usr/bin/env bash
# Runs a command that runs tests, for so many minutes at most: one test that waits for ever would otherwise keep all others from
# being told of. Says then which tests have begun and not ended, and what is running.
#
#   Extras/tests/run.sh MINUTES COMMAND...
set -uo pipefail
minutes=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The names of tests with the word that ends their line, one of each.
names() { sed -nE "s/^[^ ]+ Test (case passing .* to )?(\".*\"|[A-Za-z_][^ ]*\(.*\))( with [0-9]+ test cases?)? ($1).*/\2/p" "$log" | sort -u; }

tell() {
    echo "tests: not at their end after $minutes minutes; these have begun and not ended:"
    comm -23 <(names started) <(names 'passed|failed|skipped')
    # Without the kernel's own.
    ps --ppid 2 -p 2 --deselect --forest -o pid,ppid,etime,stat,args 2>/dev/null | cut -c1-160 || true
}

exec 3> >(exec tee "$log")
printer=$!
# Its own group, so that whatever a test has started ends with it.
set -m
"$@" >&3 2>&1 3>&- &
job=$!
set +m
trap 'kill -TERM -- -$job 2>/dev/null' INT TERM
(
    exec 3>&-
    sleep $((minutes * 60)) &
    trap 'kill $! 2>/dev/null; exit' TERM
    wait $!
    tell
    kill -KILL -- -$job 2>/dev/null
) &
watcher=$!
wait "$job"
status=$?
kill -TERM "$watcher" 2>/dev/null
# What tests have left behind would keep whoever reads all this waiting.
kill -KILL -- -$job 2>/dev/null
exec 3>&-
for _ in {1..50}; do
    kill -0 "$printer" 2>/dev/null || break
    sleep 0.1
done
exit "$status"
