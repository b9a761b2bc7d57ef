#!/usr/bin/env bash
# Runs the tests of what is concurrent under the thread sanitizer, in a build folder of its own. Any race that it sees
# fails the run. Arguments: a filter of tests in place of the usual one.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Of the scheduler's module only what schedules: patterns and schemas take an hour under the sanitizer, and nothing in them is
# concurrent.
filter=${1:-'^(JobStoreTests|WorkerTests)\.|^GenerationTests\.(Scheduler|GenerationService|Beam|Prefix|AdmissionOrder|Lookahead)'}
folder=.build/tsan
# SQLite does what the sanitizer doesn't know: that is named, with the reason, in the file of suppressions. Swift's own libraries do,
# too: thread-sanitizer-runtime.c tells of that. One test after the other, since the tests' limits of time are hard to keep under the
# sanitizer; what runs side by side within a test does so.
export TSAN_OPTIONS="halt_on_error=0 exitcode=66 suppressions=$PWD/Extras/proofs/thread-sanitizer.txt"
swift build -c release --scratch-path "$folder" --sanitize=thread --build-tests
# Swift's compiler brings the clang that knows its calling convention.
clang=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang
"$clang" -O1 -Wall -Wextra -fPIC -shared -o "$folder/runtime.so" Extras/proofs/thread-sanitizer-runtime.c -ldl
LD_PRELOAD=$PWD/$folder/runtime.so swift test -c release --scratch-path "$folder" --sanitize=thread --skip-build --disable-xctest --no-parallel --filter "$filter"
echo "thread sanitizer: no race seen in $filter"
