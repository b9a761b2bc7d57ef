"""What the tests of this folder say as they go, and what they have found."""

import time

started = time.monotonic()
findings = []


def say(text):
    print(f"[{time.monotonic() - started:5.0f} s] {text}", flush=True)


def expect(is_so, finding):
    if not is_so:
        findings.append(finding)
        say(f"FOUND: {finding}")
