"""HuggingFace's transformers on PyTorch: the reference, in f32."""

import time

import torch
import transformers

from runner import Engine, Generated, main


class HuggingFace(Engine):
    title = f"transformers {transformers.__version__}, torch {torch.__version__}"
    keys_and_values = "f32"

    @staticmethod
    def prepare(source, target, options):
        # It reads the folder that the others are made from.
        target.joinpath("source").symlink_to(source.resolve())

    def __init__(self, folder, options):
        torch.set_num_threads(options.threads)
        self.model = transformers.AutoModelForCausalLM.from_pretrained(folder / "source", dtype=torch.float32).eval()
        # Nothing ends a text, and nothing else of the stored settings counts.
        self.model.generation_config = transformers.GenerationConfig(pad_token_id=0)

    def generate(self, prompts, count):
        stamps = [time.perf_counter()]

        class Stamp(transformers.StoppingCriteria):
            def __call__(self, input_ids, scores, **keywords):
                stamps.append(time.perf_counter())
                return torch.zeros(len(input_ids), dtype=torch.bool)

        ids = torch.tensor(prompts)
        with torch.inference_mode():
            output = self.model.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=count,
                stopping_criteria=transformers.StoppingCriteriaList([Stamp()]))
        return Generated(output[:, ids.shape[1] :].tolist(), stamps)


if __name__ == "__main__":
    main(HuggingFace)
