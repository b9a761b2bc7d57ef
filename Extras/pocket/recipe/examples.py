"""The forms in which the model sees its tasks, as lines of `nightshift train prepare`."""

NOT_IN_TEXT = "not in the text"


def running(text):
    """Text that is learnt as it stands."""
    return {"text": text}


def copied(first, second):
    """Something that can't be foreseen at first sight and is then repeated: only the repetition is learnt."""
    return {"segments": [{"text": first, "weight": 0.0}, {"text": second, "weight": 1.0}]}


def _task(prompt, output, prompt_weight):
    return {
        "segments": [
            {"text": prompt, "weight": prompt_weight, "special": True},
            {"text": output, "weight": 1.0},
        ],
        "end": "<|end|>",
    }


def answer(context, question, output, weight, ahead=True):
    """`ahead`: the question stands before the text as well as after it. `weight`: of the prompt."""
    return answers(context, [(question, output)], ahead, weight)


def answers(context, pairs, ahead=True, weight=0.0):
    """Several questions on one text, one after the other: more is learnt of it than by reading it again for each.

    `pairs`: questions with their answers. The first is asked as a single one is.
    """
    before = pairs[0][0] if ahead else ""
    segments = [{"text": f"<|answer|>{before}<|text|>{context}", "weight": weight, "special": True}]
    for index, (question, output) in enumerate(pairs):
        segments.append({"text": f"<|question|>{question}<|out|>", "weight": weight, "special": True})
        segments.append({"text": output, "weight": 1.0})
        if index + 1 < len(pairs):
            segments.append({"text": "<|end|>", "weight": 1.0, "special": True})
    return {"segments": segments, "end": "<|end|>"}


def summary(text, output, weight):
    length = "<|short|>" if len(output.split()) <= 20 else "<|medium|>"
    return _task(f"<|summarize|>{length}{text}<|out|>", output, weight)


def paraphrase(text, output, weight):
    return _task(f"<|paraphrase|>{text}<|out|>", output, weight)
