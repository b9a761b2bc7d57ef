"""CTranslate2: its own conversion and generator."""

import time

import ctranslate2

from runner import Engine, Generated, main


class Vocabulary:
    """Stands in for a tokenizer: CTranslate2 wants tokens as strings, and here they are the ids' digits."""

    def __init__(self, size):
        self.size = size
        self.bos_token = self.eos_token = self.unk_token = str(size - 1)

    def get_vocab(self):
        return {str(token): token for token in range(self.size)}


class CTranslate2(Engine):
    title = f"CTranslate2 {ctranslate2.__version__}"
    keys_and_values = "f32"

    @staticmethod
    def prepare(source, target, options):
        from ctranslate2.converters import TransformersConverter
        from transformers import AutoConfig

        class Converter(TransformersConverter):
            def load_tokenizer(self, tokenizer_class, model_name_or_path, **keywords):
                return Vocabulary(AutoConfig.from_pretrained(source).vocab_size)

        quantization = None if options.weights == "f32" else options.weights
        Converter(str(source)).convert(str(target), quantization=quantization, force=True)

    def __init__(self, folder, options):
        compute_type = "float32" if options.weights == "f32" else options.weights
        self.generator = ctranslate2.Generator(
            str(folder), device="cpu", compute_type=compute_type, inter_threads=1, intra_threads=options.threads)

    def generate(self, prompts, count):
        stamps = [0.0] * (count + 1)

        def stamp(result):
            # The last row of a step overwrites the others.
            stamps[result.step + 1] = time.perf_counter()
            return False

        texts = [[str(token) for token in prompt] for prompt in prompts]
        stamps[0] = time.perf_counter()
        results = self.generator.generate_batch(
            texts, max_length=count, min_length=count, include_prompt_in_result=False, beam_size=1, sampling_topk=1,
            callback=stamp)
        return Generated([result.sequences_ids[0] for result in results], stamps)


if __name__ == "__main__":
    main(CTranslate2)
