"""llama.cpp, through its Python package, with a GPT-NeoX of the same sizes: it doesn't run GPT-J."""

import ctypes
import json
import time

import llama_cpp
import numpy

import gptneox
from runner import Engine, Generated, main
from workload import Shape

# Tokens that one call takes; of those, llama.cpp computes 512 at once.
TOKENS_AT_ONCE = 2048


class LlamaCpp(Engine):
    title = f"llama.cpp (llama-cpp-python {llama_cpp.__version__}), GPT-NeoX"

    @staticmethod
    def prepare(source, target, options):
        shape = Shape(**json.loads(options.shape))
        if options.weights == "f32":
            # For the check: HuggingFace's own network beside it.
            import torch
            import transformers

            model = transformers.GPTNeoXForCausalLM.from_pretrained(source, dtype=torch.float32)
            tensors = model.state_dict()
            gptneox.write(target / "model.gguf", shape, "f32", lambda name, dimensions: tensors[name].numpy())
        else:
            gptneox.write(target / "model.gguf", shape, options.weights, gptneox.random_tensors(6))

    def __init__(self, folder, options):
        llama_cpp.llama_backend_init()
        parameters = llama_cpp.llama_model_default_params()
        parameters.n_gpu_layers = 0
        self.model = llama_cpp.llama_model_load_from_file(str(folder / "model.gguf").encode(), parameters)
        if not self.model:
            raise SystemExit(f"llama.cpp doesn't load {folder}/model.gguf")
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.model))
        self.options = options
        self.keys_and_values = "f32" if options.weights == "f32" else "f16"
        self.batch = llama_cpp.llama_batch_init(TOKENS_AT_ONCE, 0, 1)

    def make_context(self, rows, length):
        """Room for `rows` sequences of `length` tokens, each with keys and values of its own."""
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = rows * round_up(length, 256)
        settings.n_seq_max = rows
        settings.n_batch = TOKENS_AT_ONCE
        settings.n_ubatch = 512
        settings.n_threads = settings.n_threads_batch = self.options.threads
        if self.options.weights == "f32":
            settings.type_k = settings.type_v = 0  # GGML_TYPE_F32
        context = llama_cpp.llama_init_from_model(self.model, settings)
        if not context:
            raise SystemExit(f"llama.cpp makes no context for {rows} rows of {length} tokens")
        return context

    def generate(self, prompts, count):
        rows, length = len(prompts), len(prompts[0])
        self.context = self.make_context(rows, length + count)
        tokens = [[] for _ in prompts]
        stamps = [time.perf_counter()]
        pieces = [
            (row, position, prompt[position], position == length - 1)
            for row, prompt in enumerate(prompts) for position in range(length)
        ]
        for start in range(0, len(pieces), TOKENS_AT_ONCE):
            for row, token in self.step(pieces[start : start + TOKENS_AT_ONCE]):
                tokens[row].append(token)
        stamps.append(time.perf_counter())
        for step in range(count - 1):
            pieces = [(row, length + step, tokens[row][-1], True) for row in range(rows)]
            for row, token in self.step(pieces):
                tokens[row].append(token)
            stamps.append(time.perf_counter())
        llama_cpp.llama_free(self.context)
        return Generated(tokens, stamps)

    def step(self, pieces):
        """Compute (row, position, token, is logit wanted); returns (row, likeliest token) of those wanted."""
        batch = self.batch
        batch.n_tokens = len(pieces)
        for index, (row, position, token, is_wanted) in enumerate(pieces):
            batch.token[index] = token
            batch.pos[index] = position
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = row
            batch.logits[index] = is_wanted
        status = llama_cpp.llama_decode(self.context, batch)
        if status:
            raise SystemExit(f"llama_decode: status {status}")
        return [
            (row, int(numpy.argmax(self.logits(index))))
            for index, (row, _, _, is_wanted) in enumerate(pieces) if is_wanted
        ]

    def logits(self, index):
        pointer = llama_cpp.llama_get_logits_ith(self.context, index)
        return numpy.ctypeslib.as_array(ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float)), (self.vocabulary,))


def round_up(number, multiple):
    return -(-number // multiple) * multiple


if __name__ == "__main__":
    main(LlamaCpp)
