"""What every engine is given: the network's shape, the prompts, the numbers of tokens. Standard library only."""

import dataclasses
import json
import random

# One decoding step that isn't timed, so that no engine pays for what it sets up at the first step of a new width.
UNTIMED_STEPS = 1


@dataclasses.dataclass(frozen=True)
class Shape:
    """A GPT-J by its sizes; the inner width is four times the width."""

    layers: int
    width: int = 4096
    heads: int = 16
    rotary: int = 64
    vocabulary: int = 50400
    positions: int = 2048

    @property
    def json(self):
        return json.dumps(dataclasses.asdict(self))


@dataclasses.dataclass(frozen=True)
class Workload:
    """One prompt of `prompt` tokens to read; then, for each number of `rows`, `steps` greedy tokens a row after
    prompts of half that length."""

    prompt: int = 1024
    steps: int = 32
    rows: tuple = (1, 8, 32)
    vocabulary: int = 50400

    @staticmethod
    def from_json(text):
        fields = json.loads(text)
        return Workload(**{**fields, "rows": tuple(fields["rows"])})

    @property
    def json(self):
        return json.dumps(dataclasses.asdict(self))

    @property
    def context(self):
        """Tokens of the prompt that each row decodes after."""
        return self.prompt // 2

    @property
    def generated(self):
        """Tokens that a row of a decoding case generates: one from its prompt, and one a step."""
        return 1 + UNTIMED_STEPS + self.steps

    def prompts(self, seed, rows, length):
        """`rows` prompts that differ from the first token on, so that none shares its keys and values with another.

        The last ids of the vocabulary are left out: they are special in GPT-J.
        """
        draw = random.Random(f"{seed}/{rows}/{length}")
        first = draw.sample(range(self.vocabulary - 200), rows)
        return [[token] + [draw.randrange(self.vocabulary - 200) for _ in range(length - 1)] for token in first]
