"""Do the engines run the same network? The tokens that each chooses on a small one in f32, beside HuggingFace's."""

import table
from comparison import PEERS, Failure
from workload import Shape, Workload

# Small, but with all that GPT-J has: a rotary part of each head, several layers, prompts longer than a page of keys.
SHAPE = Shape(layers=3, width=256, heads=4, rotary=32, vocabulary=2048, positions=512)
WORKLOAD = Workload(prompt=192, steps=32, rows=(6,), vocabulary=SHAPE.vocabulary)
# Of the matrices: ten times HuggingFace's, so that the likeliest token isn't within a rounding of the next.
DEVIATION = 0.2


def run(comparison, present):
    """Prints a line for each engine; returns the exit status: 1 if one that is there chose other tokens or didn't run.

    A peer that couldn't be installed is only named.
    """
    expected = {}
    rows = [["greedy", "prompts", "tokens each", "equal to HuggingFace's"]]
    status = 0
    # HuggingFace itself is the reference, so that it is needed whether or not it was asked for.
    engines = [("nightshift", "f32")]
    engines += [
        (name, weights) for name in present if name != "huggingface" for weights in PEERS[name].get("exact", ["f32"])]
    for engine, weights in engines:
        architecture = "gptneox" if engine == "llamacpp" else "gptj"
        try:
            source = comparison.make_source(
                SHAPE, f"check-{architecture}", kind="f32", deviation=DEVIATION, architecture=architecture)
            if architecture not in expected:
                expected[architecture] = tokens(comparison, "huggingface", "f32", source)["tokens"]
            answer = tokens(comparison, engine, weights, source)
        except Failure as reason:
            status = 1
            rows.append([f"{engine}, {weights}", "-", "-", "didn't run"])
            comparison.missing[f"{engine} {weights}"] = str(reason)
            continue
        pairs = list(zip(answer["tokens"], expected[architecture]))
        equal = sum(theirs == reference for theirs, reference in pairs)
        if equal < len(pairs):
            status = 1
        rows.append([f"{answer['title']}, {weights}", str(len(pairs)), str(WORKLOAD.steps), f"{equal} of {len(pairs)}"])
    print(table.lines(rows))
    for engine, reason in comparison.missing.items():
        print(f"\nnot available: {engine}: {reason}")
    return status


def tokens(comparison, engine, weights, source):
    folder = comparison.prepare(engine, weights, SHAPE, source)
    arguments = comparison.arguments("tokens", weights, folder, SHAPE, WORKLOAD, "check")
    return comparison.run(f"run_{engine}.py", arguments, engine)
