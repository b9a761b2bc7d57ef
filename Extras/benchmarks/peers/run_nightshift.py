"""Nightshift: `engine bench` for reading and decoding, `engine generate` for whole answers. Standard library only."""

import json
import subprocess
import time

import runner
from runner import Engine, Generated, main


class Nightshift(Engine):
    title = "nightshift"

    @staticmethod
    def prepare(source, target, options):
        # It reads the folder that the others are made from, and makes int8 and int4 of it when it loads.
        target.joinpath("source").symlink_to(source.resolve())

    def __init__(self, folder, options):
        self.options = options
        self.peak = None
        self.keys_and_values = options.kv
        self.common = ["--weights", options.weights, "--kv", options.kv, "--threads", str(options.threads)]
        rows = max(options.workload.rows)
        self.process = subprocess.Popen(
            [options.executable, "engine", "generate", "--model", str(folder / "source"), *self.common,
             "--batch-rows", str(rows), "--no-prefix-cache"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # It has loaded when it has answered.
        self.generate([[0]], 1)

    def generate(self, prompts, count):
        """Its answers come whole, so that there is no time of each token: the stamps are of the call and the end."""
        requests = "".join(
            json.dumps({
                "id": row, "prompt_ids": prompt, "max_new_tokens": count, "min_new_tokens": count, "eos_token_id": None,
            }) + "\n" for row, prompt in enumerate(prompts))
        start = time.perf_counter()
        self.process.stdin.write(requests)
        self.process.stdin.flush()
        tokens = [None] * len(prompts)
        for _ in prompts:
            line = self.process.stdout.readline()
            answer = json.loads(line) if line else {"error": f"ended with status {self.process.wait()}"}
            if "error" in answer:
                raise SystemExit(f"nightshift engine generate: {answer['error']}")
            tokens[answer["id"]] = answer["ids"]
        return Generated(tokens, [start, time.perf_counter()])

    def measure(self, workload, seed):
        figures = {}
        self.generate(workload.prompts(f"{seed}/warm-up", 1, workload.prompt), 1)
        for rows in workload.rows:
            generated = self.generate(workload.prompts(seed, rows, workload.context), workload.generated)
            runner.check_count(generated, rows, workload.generated)
            seconds = generated.stamps[-1] - generated.stamps[0]
            figures[f"whole-{rows}"] = rows * (workload.context + workload.generated) / seconds
        self.end()
        return figures | self.bench(workload)

    def end(self):
        # The benchmark's process holds buffers for its ceilings too; the memory of this one is the engine's.
        self.peak = self.resident_megabytes("VmHWM")
        self.process.stdin.close()
        self.process.wait()

    def bench(self, workload):
        # One run of each case after one that isn't counted: the turns are the repetitions.
        command = [
            self.options.executable, "engine", "bench", "--shape", "gpt-j-6b",
            "--layers", str(json.loads(self.options.shape)["layers"]), *self.common,
            "--prompt", str(workload.prompt), "--generate", str(workload.steps),
            "--batch", ",".join(map(str, workload.rows)), "--repetitions", "1", "--json",
        ]
        answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        figures = {"ceilings": answer["ceilings"], "isa": answer["isa"]}
        for case in answer["cases"]:
            name = "prefill" if case["phase"] == "prefill" else f"decode-{case['rows']}"
            figures[name] = case["tokens_per_second"]
        return figures

    def resident_megabytes(self, field):
        return self.peak or runner.resident_megabytes(self.process.pid, field)


if __name__ == "__main__":
    main(Nightshift)
