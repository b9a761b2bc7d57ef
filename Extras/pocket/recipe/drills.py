"""Drills of copying: what can't be foreseen, and then comes again."""

import examples


def shuffled_words(pool, random):
    """Words in no order, once and again, as a whole or in pieces."""
    count = random.randint(6, 70)
    words = [random.choice(pool) for _ in range(count)]
    first = " ".join(words)
    form = random.random()
    if form < 0.5:
        return examples.copied(first + "\n", first + "\n")
    if form < 0.75:
        # From somewhere within.
        start = random.randrange(count - 4)
        part = words[start : start + random.randint(4, count - start)]
        return examples.copied(first + "\n" + part[0], " " + " ".join(part[1:]) + "\n")
    repeats = random.randint(2, 3)
    return examples.copied(first + "\n", (first + "\n") * repeats)


def pairs(pool, random):
    """A list of names and things; then one of them is asked for."""
    count = random.randint(3, 16)
    names, things = random.sample(pool, count), [" ".join(random.choices(pool, k=random.randint(1, 3))) for _ in range(count)]
    table = "\n".join(f"{name}: {thing}" for name, thing in zip(names, things))
    if random.random() < 0.5:
        order = random.sample(range(count), min(count, random.randint(1, 4)))
        segments = [{"text": table + "\n\n", "weight": 0.0}]
        for index in order:
            segments += [
                {"text": names[index] + ":", "weight": 0.0}, {"text": " " + things[index] + "\n", "weight": 1.0},
            ]
        return {"segments": segments}
    asked = [(names[index] + "?", things[index]) for index in random.sample(range(count), min(count, random.randint(1, 8)))]
    if random.random() < 0.3:
        absent = [word for word in random.sample(pool, 5) if word not in names]
        asked[random.randrange(len(asked))] = (absent[0] + "?", examples.NOT_IN_TEXT)
    return examples.answers(table, asked, ahead=random.random() < 0.5)


def repeated_sentences(sentences, random):
    """Sentences of different texts, once and again, in another order."""
    chosen = random.sample(sentences, random.randint(1, 5))
    again = random.sample(chosen, random.randint(1, len(chosen)))
    return examples.copied(" ".join(chosen) + "\n\n", " ".join(again) + "\n")


def copied_paraphrase(sentence):
    """A paraphrase that leaves all as it is: where to begin with it."""
    return examples.paraphrase(sentence, sentence, 0.0)
