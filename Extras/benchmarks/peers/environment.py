"""The virtual environment that the peers are installed into, each on its own, so that one that fails stops no other."""

import json
import os
import pathlib
import subprocess
import sys

# All of one date, known to work together. `constraints.txt` pins what they bring along.
BASE = ["torch==2.13.0", "transformers==5.5.4", "numpy==2.4.6", "safetensors==0.8.0"]

CONSTRAINTS = pathlib.Path(__file__).with_name("constraints.txt")


class Environment:
    def __init__(self, folder, log):
        """`folder` is made when something is installed; what pip prints goes to the file `log`."""
        self.folder = folder
        self.log = log
        self.stamps = folder / "installed"

    @property
    def python(self):
        return self.folder / "bin" / "python"

    def install(self, name, packages, minutes, note=""):
        """Install `packages` under the stamp `name` unless they are there. Returns None, or why it failed."""
        stamp = self.stamps / f"{name}.json"
        if stamp.exists() and json.loads(stamp.read_text()) == packages:
            return None
        print(f"installing {name}: {' '.join(packages)}{note}", file=sys.stderr, flush=True)
        try:
            # Without Debian's python3-venv the folder is made all the same, with no pip in it.
            if not (self.folder / "bin" / "pip").exists():
                self.run([sys.executable, "-m", "venv", self.folder], minutes)
            self.run([self.python, "-m", "pip", "install", "-c", CONSTRAINTS, *packages], minutes)
            # optimum-intel brings it, nothing here uses it, and transformers fails where its build isn't torch's.
            self.run([self.python, "-m", "pip", "uninstall", "-y", "torchvision"], minutes)
        except subprocess.TimeoutExpired:
            return f"not installed after {minutes} minutes"
        except subprocess.CalledProcessError as error:
            return f"{failure(error.stderr)} (all of it: {self.log})"
        self.stamps.mkdir(exist_ok=True)
        stamp.write_text(json.dumps(packages))
        return None

    def run(self, command, minutes):
        environment = os.environ | {
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            # For what is built from source: for this processor, and nothing but the library.
            "CMAKE_ARGS": "-DGGML_NATIVE=ON -DLLAVA_BUILD=OFF",
            "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1),
        }
        result = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, timeout=60 * minutes, env=environment)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(map(str, command))}\n{result.stdout}{result.stderr}\n")
        if result.returncode:
            # `python -m venv` says on the standard output that Debian's python3-venv is missing.
            raise subprocess.CalledProcessError(result.returncode, command, stderr=result.stderr or result.stdout)


def failure(text):
    """The line that says what went wrong: pip's first that begins so, else the last that names an error or the cure."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    begun = [line for line in lines if line.startswith("ERROR:")][:1]
    named = [line for line in lines if "error" in line.lower() or "apt" in line.split()]
    return (begun or named or lines or ["no reason given"])[-1][:200]
