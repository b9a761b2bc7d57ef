"""The three tasks, from people's own summaries, answers and rewordings."""

import examples
from corpora import is_dev, paragraphs, rank, rows, sentences, words, HELD_OUT_BOOKS

PROMPT_WEIGHT = 0.2


def _fits(text, limit=1500):
    return 120 <= len(text) <= limit


def summaries(root):
    """(text, summary, is held out) as people wrote them, where the text is short enough to be read at once."""
    for row in rows(root, "summarize/textbook_passages"):
        if _fits(row["passage"], 1700):
            yield row["passage"], row["summary"], is_dev(row, row["id"])
    for row in rows(root, "summarize/scitldr_abstracts"):
        if _fits(row["document"], 1700) and row["summaries"]:
            yield row["document"], row["summaries"][rank(row["id"]) % len(row["summaries"])], is_dev(row, row["id"])


def principal_sentences(paragraph, count=1):
    """The sentences that share most words with the rest of their paragraph (Zhang et al. 2020, PEGASUS), in their
    order."""
    parts = sentences(paragraph)
    if len(parts) < 3:
        return None
    bags = [set(word.lower() for word in words(part) if len(word) > 3) for part in parts]

    def score(index):
        rest = set().union(*(bag for other, bag in enumerate(bags) if other != index))
        own = bags[index]
        if not 6 <= len(parts[index].split()) <= 38 or not parts[index][0].isupper():
            return -1.0
        shared = len(own & rest)
        precision, recall = shared / max(1, len(own)), shared / max(1, len(rest))
        f = 2 * precision * recall / max(1e-9, precision + recall)
        # What a paragraph says first is what it is about more often than not.
        return f * (1.25 if index == 0 else 1.0)

    order = sorted(range(len(parts)), key=score, reverse=True)[:count]
    if score(order[-1]) <= 0:
        return None
    return " ".join(parts[index] for index in sorted(order))


def extracted_summaries(root):
    """(text, summary) where the summary stands in the text."""
    for name, key in (
        ("summarize/textbook_sections", "text"), ("text/onestop_articles", "text"), ("text/easy_stories", "text"),
        ("text/fairytales", "text"), ("summarize/scitldr_abstracts", "document"),
    ):
        for row in rows(root, name):
            if is_dev(row, row["id"]):
                continue
            parts = paragraphs(row[key])
            group = ""
            for part in parts + [""]:
                if part and len(group) + len(part) < 900:
                    group = (group + "\n\n" + part).strip()
                    continue
                if _fits(group, 1500):
                    count = 1 if rank(group[:80]) % 3 else 2
                    flat = group.replace("\n\n", " ")
                    found = principal_sentences(flat, count)
                    if found:
                        yield group, found
                group = part


def paraphrases(root):
    """(text, its rewording, is held out, set)"""
    for row in rows(root, "paraphrase/bible_verses"):
        book = row["ref"].rsplit(" ", 1)[0]
        if 40 <= len(row["bsb"]) <= 420 and len(row["web"]) <= 420:
            yield row["bsb"], row["web"], book in HELD_OUT_BOOKS, "bible"
    for row in rows(root, "paraphrase/onestop_pairs"):
        if 30 <= len(row["source"]) <= 500:
            yield row["source"], row["target"], rank(row["source"]) % 50 == 0, "onestop"
    for row in rows(root, "paraphrase/wikisplit"):
        if 60 <= len(row["source"]) <= 500:
            yield row["source"], row["target"], is_dev(row, row["source"]), "wikisplit"
    for row in rows(root, "paraphrase/e2e_restaurants"):
        texts = sorted(set(row["texts"]))
        for index in range(0, min(len(texts), 4) - 1):
            yield texts[index], texts[index + 1], rank(row["meaning"]) % 50 == 0, "e2e"


def answers(root, random):
    """(text, question, answer, is held out, set): questions of readers, with the text cut to what surrounds the answer."""
    for row in rows(root, "qa/fairytaleqa"):
        for qa in row["qas"]:
            if qa["answers"] and _fits(row["context"], 1800):
                yield row["context"], qa["question"], qa["answers"][0], is_dev(row, row["id"]), "fairytaleqa"
    for row in rows(root, "qa/squad_paragraphs"):
        for qa in row["qas"]:
            if not qa["answers"]:
                if _fits(row["context"]) and rank(qa["question"]) % 3 == 0:
                    yield row["context"], qa["question"], examples.NOT_IN_TEXT, is_dev(row, row["id"]), "squad"
                continue
            answer = min(qa["answers"], key=len)
            context = row["context"]
            if not is_dev(row, row["id"]):
                context = around(context, answer, random)
            if answer in context and _fits(context):
                yield context, qa["question"], answer, is_dev(row, row["id"]), "squad"


def around(context, answer, random, longest=900):
    """Some sentences of a text, among them the one that holds the answer."""
    parts = sentences(context)
    hits = [index for index, part in enumerate(parts) if answer in part]
    if not hits or random.random() < 0.3:
        return context
    low = high = random.choice(hits)
    for _ in range(random.randint(1, 5)):
        if random.random() < 0.5 and low > 0:
            low -= 1
        elif high + 1 < len(parts):
            high += 1
        if sum(map(len, parts[low : high + 1])) > longest:
            break
    return " ".join(parts[low : high + 1])
