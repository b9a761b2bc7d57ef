#!/usr/bin/env bash
# Runs the tests of what is concurrent under the thread sanitizer, in a build folder of its own. Any race that it sees
# fails the run. Arguments: a filter of tests in place of the usual one.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Of the scheduler's module only what schedules: patterns and schemas take an hour under the sanitizer, and nothing in them is
# concurrent.
filter=${1:-'^(JobStoreTests|WorkerTests)\.|^GenerationTests\.(Scheduler|GenerationService|Beam|Prefix|AdmissionOrder|Lookahead)'}
folder=.build/tsan
# The C library of Swift's concurrency hands work to threads in ways that the sanitizer knows; what it doesn't know is
# named, with the reason, in the file of suppressions.
# Optimized, since the tests' own limits of time are hard to keep in a debug build.
export TSAN_OPTIONS="halt_on_error=0 exitcode=66 suppressions=$PWD/Extras/proofs/thread-sanitizer.txt"
swift build -c release --scratch-path "$folder" --sanitize=thread --build-tests
# Swift's compiler brings the clang that knows its calling convention.
clang=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang
"$clang" -O1 -Wall -Wextra -fPIC -shared -o "$folder/locks.so" Extras/proofs/thread-sanitizer-locks.c -ldl
LD_PRELOAD=$PWD/$folder/locks.so swift test -c release --scratch-path "$folder" --sanitize=thread --skip-build --disable-xctest --filter "$filter"
echo "thread sanitizer: no race seen in $filter"
