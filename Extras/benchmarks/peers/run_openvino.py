"""OpenVINO: exported by optimum-intel, weights compressed by NNCF, run by OpenVINO GenAI.

It has two ways: continuous batching with paged attention, and one batch at a time with the keys and values as state of
the network. Which is faster depends on the processor and the case, so that both are measured; `-stateful` after the
weights' type asks for the second.
"""

import math
import time

import numpy
import openvino
import openvino_genai

from runner import Engine, Generated, main

# Prompts are read in groups of at most this many tokens, all of them before the first step of decoding. More at once
# is slower: the activations leave the caches.
TOKENS_AT_ONCE = 2048


class OpenVINO(Engine):
    title = f"OpenVINO {openvino.__version__.split('-')[0]}"

    @staticmethod
    def prepare(source, target, options):
        from optimum.intel import OVModelForCausalLM, OVWeightQuantizationConfig

        how = {"load_in_8bit": False}
        if options.weights.startswith("int8"):
            how = {"quantization_config": OVWeightQuantizationConfig(bits=8, sym=True)}
        OVModelForCausalLM.from_pretrained(source, export=True, compile=False, **how).save_pretrained(target)

    def __init__(self, folder, options):
        exact = options.weights.startswith("f32")
        # Left to itself OpenVINO computes in bf16 where the processor has it, even where that is slower than f32.
        properties = {
            "INFERENCE_NUM_THREADS": options.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32" if exact else "u8",
        }
        if exact:
            properties["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = 0
        self.keys_and_values = "f32" if exact else "int8"
        self.is_stateful = options.weights.endswith("-stateful")
        if self.is_stateful:
            self.pipeline = openvino_genai.LLMPipeline(str(folder), "CPU", ATTENTION_BACKEND="SDPA", **properties)
            return
        scheduler = openvino_genai.SchedulerConfig()
        scheduler.max_num_batched_tokens = TOKENS_AT_ONCE
        scheduler.dynamic_split_fuse = False
        scheduler.enable_prefix_caching = False
        self.pipeline = openvino_genai.ContinuousBatchingPipeline(
            str(folder), openvino_genai.Tokenizer(str(folder)), scheduler, "CPU", **properties)
        self.requests = 0

    def generate(self, prompts, count):
        settings = openvino_genai.GenerationConfig()
        settings.max_new_tokens = settings.min_new_tokens = count
        settings.ignore_eos = True
        settings.do_sample = False
        settings.apply_chat_template = False
        return (self.generate_stateful if self.is_stateful else self.generate_paged)(prompts, count, settings)

    def generate_stateful(self, prompts, count, settings):
        ids = numpy.array(prompts, dtype=numpy.int64)
        inputs = openvino_genai.TokenizedInputs(openvino.Tensor(ids), openvino.Tensor(numpy.ones_like(ids)))
        start = time.perf_counter()
        result = self.pipeline.generate(inputs, settings)
        end = time.perf_counter()
        # Milliseconds of the clock that Python's perf_counter reads too.
        times = [milliseconds / 1e3 for milliseconds in result.perf_metrics.raw_metrics.m_new_token_times]
        if len(times) != count or not start <= times[0] <= times[-1] <= end:
            raise SystemExit(f"{len(times)} times for {count} tokens, or times of another clock")
        return Generated(result.tokens, [start, *times])

    def generate_paged(self, prompts, count, settings):
        times = [time.perf_counter()]
        handles = []
        for prompt in prompts:
            ids = openvino.Tensor(numpy.array([prompt], dtype=numpy.int64))
            handles.append(self.pipeline.add_request(self.requests, ids, settings))
            self.requests += 1
        while self.pipeline.has_non_finished_requests():
            self.pipeline.step()
            times.append(time.perf_counter())
        # The prompts' steps come first, so that the last steps are those that advance every row by a token.
        reading = math.ceil(len(prompts) / max(1, TOKENS_AT_ONCE // len(prompts[0])))
        if len(times) != 1 + reading + count - 1:
            raise SystemExit(f"{len(times) - 1} steps for {len(prompts)} prompts and {count} tokens: they were mixed")
        return Generated([handle.read_all()[0].generated_ids for handle in handles], times[:1] + times[-count:])


if __name__ == "__main__":
    main(OpenVINO)
