"""The engines: which there are, how they are installed, and how one of them is run in a process of its own."""

import json
import os
import pathlib
import subprocess
import sys

from environment import BASE, Environment, failure

HERE = pathlib.Path(__file__).resolve().parent

# An engine that takes longer for one turn is given up.
MINUTES = 60

# Of each peer: its packages; its kinds of weights, with those of nightshift's that they are compared with; and what its
# exact ones are called, where that isn't f32 alone.
PEERS = {
    "ctranslate2": {"packages": ["ctranslate2==4.8.5"], "weights": {"int8": "int8"}},
    "openvino": {
        "packages": ["openvino==2026.4.1", "openvino-genai==2026.4.1.0", "optimum-intel[nncf]==2.2.0"],
        "weights": {"int8": "int8", "int8-stateful": "int8"},
        "exact": ["f32", "f32-stateful"],
    },
    "llamacpp": {
        "packages": ["llama-cpp-python==0.3.36", "gguf==0.19.0"],
        "weights": {"q8_0": "int8", "q4_0": "int4"},
        "note": " (built from source: this takes a while)",
    },
    "huggingface": {"packages": [], "weights": {"f32": "f32"}},
}


class Failure(Exception):
    """Why an engine has no figures, in a line."""


class Comparison:
    """Runs the engines' files, each in a process of its own, and remembers which can't be had."""

    def __init__(self, options):
        self.options = options
        self.logs = options.work / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.environment = Environment(options.work.with_name("peers-venv"), self.logs / "pip.log")
        #: Why not, by the label of the engine.
        self.missing = {}

    def install(self):
        """Returns the peers that are there."""
        minutes = self.options.install_minutes
        base = self.environment.install("what all of them need", BASE, minutes)
        present = []
        for name in self.options.only:
            packages, note = PEERS[name]["packages"], PEERS[name].get("note", "")
            reason = base or (self.environment.install(name, packages, minutes, note) if packages else None)
            if reason:
                self.missing[name] = reason
            else:
                present.append(name)
        return present

    def python(self, engine):
        """Nightshift's file needs nothing that is installed."""
        return sys.executable if engine == "nightshift" else self.environment.python

    def run(self, script, arguments, engine):
        """Run one of the files beside this one. Returns what it prints, as JSON; throws `Failure`."""
        log = self.logs / f"{pathlib.Path(script).stem}.log"
        command = [str(word) for word in [self.python(engine), HERE / script, *arguments]]
        try:
            with log.open("a", encoding="utf-8") as errors:
                errors.write(f"$ {' '.join(command)}\n")
                errors.flush()
                start = errors.tell()
                result = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, text=True,
                                        timeout=60 * MINUTES, env=self.variables(engine))
        except OSError as error:
            raise Failure(str(error)) from error
        except subprocess.TimeoutExpired as error:
            raise Failure(f"not done after {MINUTES} minutes (all that it said: {log})") from error
        if result.returncode < 0:
            raise Failure(f"ended by signal {-result.returncode}; 9 is often a lack of memory (what it said: {log})")
        if result.returncode:
            with log.open(encoding="utf-8", errors="replace") as text:
                text.seek(start)
                raise Failure(f"{failure(text.read())} (all of it: {log})")
        return json.loads(result.stdout) if result.stdout.strip() else {}

    def variables(self, engine):
        threads = str(self.options.threads)
        variables = os.environ | {
            "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads,
            # Nothing is fetched while it runs, and no GPU is used.
            "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "DO_NOT_TRACK": "1",
        }
        if engine == "ctranslate2":
            # glibc gives large buffers back to the system at every step otherwise, and a thread's own arena has no room
            # for them: most of the time of decoding with many rows is then page faults.
            keep = str(1 << 36)
            variables |= {
                "MALLOC_TRIM_THRESHOLD_": keep, "MALLOC_MMAP_THRESHOLD_": keep, "MALLOC_ARENA_MAX": "1"}
        return variables

    def make_source(self, shape, name, kind="f16", deviation=0.02, architecture="gptj"):
        """The HuggingFace folder that the engines' models are made from."""
        folder = self.options.work / "models" / name / "source"
        if not folder.exists():
            print(f"making {folder}", file=sys.stderr, flush=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            self.run("make_model.py", ["--shape", shape.json, "--type", kind, "--deviation", deviation,
                                       "--architecture", architecture, "--output", folder], "huggingface")
        return folder

    def prepare(self, engine, weights, shape, source):
        """What the engine loads, made on the first run."""
        # One folder serves all of nightshift's weights, since it reads the source, and both of OpenVINO's ways.
        name = engine if engine == "nightshift" else f"{engine}-{weights.removesuffix('-stateful')}"
        folder = source.parent / name
        if not folder.exists():
            print(f"preparing {folder}", file=sys.stderr, flush=True)
            self.run(f"run_{engine}.py", ["prepare", "--source", source, "--folder", folder, "--weights", weights,
                                          "--shape", shape.json], engine)
        return folder

    def arguments(self, action, weights, folder, shape, workload, seed):
        # Where exactness is asked for there is no rounding of keys and values either.
        kv = "f32" if weights.startswith("f32") else self.options.kv
        return [action, "--folder", folder, "--weights", weights, "--threads", self.options.threads, "--seed", seed,
                "--workload", workload.json, "--shape", shape.json, "--kv", kv,
                "--executable", self.options.nightshift.resolve()]
