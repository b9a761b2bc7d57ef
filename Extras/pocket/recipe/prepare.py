#!/usr/bin/env python3
"""Makes the pocket model's training examples and evaluation sets from the corpora.

    prepare.py CORPORA OUTPUT [--scale 1.0] [--seed 1]

OUTPUT/train/*.jsonl are lines for `nightshift train prepare`, OUTPUT/dev/*.jsonl the same of held-out data, and
OUTPUT/evaluate/*.jsonl sets for `nightshift evaluate`. The same corpora and seed give the same files.
"""

import argparse
import json
import os
import random as randomness

import drills
import examples
import facts
import gaps
import people
import tasks
from corpora import TEXT_SETS, countries, is_dev, paragraphs, rank, rows, sentences, words


class Output:
    """Files of lines, opened when they are first written."""

    def __init__(self, root):
        self.root, self.files, self.counts = root, {}, {}

    def write(self, part, name, line):
        path = os.path.join(self.root, part, name + ".jsonl")
        if path not in self.files:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self.files[path] = open(path, "w", encoding="utf-8")
            self.counts[path] = 0
        self.files[path].write(json.dumps(line, ensure_ascii=False) + "\n")
        self.counts[path] += 1

    def close(self):
        for path, file in self.files.items():
            file.close()
            print(f"{self.counts[path]:8d}  {os.path.relpath(path, self.root)}  {os.path.getsize(path) / 1e6:.1f} MB")


def running_text(root, output):
    for name, share in TEXT_SETS.items():
        for row in rows(root, name):
            part = "dev" if is_dev(row, row["id"]) else "train"
            copies = 1 if part == "dev" else int(share) + (rank("text " + row["id"]) % 1000 < 1000 * (share % 1))
            for _ in range(copies):
                output.write(part, "text", examples.running(row["text"]))


def sentence_pool(root, random):
    """Sentences and texts of held-in stories and textbooks, for gaps and drills."""
    texts = []
    for name in ("text/easy_stories", "text/fairytales", "text/onestop_articles", "summarize/textbook_sections", "text/childrens_books"):
        for row in rows(root, name):
            if is_dev(row, row["id"]) or name == "text/childrens_books" and rank(row["id"]) % 4:
                continue
            texts.append(row["text"])
    random.shuffle(texts)
    return texts


def passages(texts, random):
    """Endlessly, a run of paragraphs of some text, 200 to 1,300 characters."""
    while True:
        parts = paragraphs(random.choice(texts))
        start = random.randrange(len(parts))
        passage = ""
        for part in parts[start:]:
            if passage and len(passage) + len(part) > 1300 or len(passage) > random.randint(200, 1100):
                break
            passage = (passage + "\n\n" + part).strip()
        if 200 <= len(passage) <= 1500:
            yield passage


def gap_questions(texts, count, part, output, random):
    written = 0
    for passage in passages(texts, random):
        parts = [sentence for paragraph in paragraphs(passage) for sentence in sentences(paragraph)]
        if len(parts) < 2:
            continue
        chosen = random.sample(parts, min(len(parts), random.randint(1, 5)))
        pairs = [pair for pair in (gaps.question(sentence, random) for sentence in chosen) if pair]
        if not pairs:
            continue
        if random.random() < 0.25:
            # Asked of another text, which doesn't tell.
            other = next(passages(texts, random))
            asked = gaps.question(random.choice(sentences(random.choice(paragraphs(other)))), random)
            if asked and asked[1].lower() not in passage.lower():
                pairs.insert(random.randint(0, len(pairs)), (asked[0], examples.NOT_IN_TEXT))
        output.write(part, "gaps", examples.answers(passage, pairs, ahead=random.random() < 0.6))
        written += 1
        if written >= count:
            return


def fact_questions(root, count, output, random):
    entries, held_out = countries(root)
    tables = {row["country"]: facts.table(row) for row in entries}
    tables = {name: table for name, table in tables.items() if len(table) >= 12}
    names = sorted(name for name in tables if name not in held_out)
    own = {name: tables[name] for name in names}
    for index in range(count):
        if random.random() < 0.15:
            made = facts.two_countries(random.sample(names, random.randint(2, 3)), own, random)
            if made is None:
                continue
        else:
            made = facts.questions(random.choice(names), own, mixed=random.random() < 0.7, random=random)
        output.write("train", "facts", examples.answers(*made, ahead=random.random() < 0.6))
    fixed = randomness.Random(7)
    dev = sorted(name for name in tables if name in held_out)
    held = {name: tables[name] for name in dev}
    for index in range(600):
        # The first of each text's questions; half as many again on what isn't told as on what is.
        text, pairs = facts.questions(dev[index % len(dev)], held, mixed=False, random=fixed, missing=0.0 if index < 400 else 1.0)
        asked, value = next((pair for pair in pairs if index < 400 or pair[1] == examples.NOT_IN_TEXT), pairs[0])
        output.write("dev", "facts", examples.answer(text, asked, value, 0.0))
        name = "facts" if value != examples.NOT_IN_TEXT else "facts-missing"
        output.write("evaluate", name, {"id": f"{name}-{index}", "context": text, "question": asked, "answers": [value]})


def tasks_of_people(root, output, random):
    for text, summary, held in tasks.summaries(root):
        output.write("dev" if held else "train", "summaries", examples.summary(text, summary, tasks.PROMPT_WEIGHT))
    for text, summary in tasks.extracted_summaries(root):
        output.write("train", "extracts", examples.summary(text, summary, tasks.PROMPT_WEIGHT))
    for text, other, held, name in tasks.paraphrases(root):
        if text == other:
            continue
        output.write("dev" if held else "train", "paraphrases", examples.paraphrase(text, other, tasks.PROMPT_WEIGHT))
        if held and name == "bible":
            output.write("evaluate", "bible", {"id": f"bible-{rank(text)}", "document": text, "references": [other]})
    for context, question, answer, held, name in tasks.answers(root, random):
        line = examples.answer(context, question, answer, tasks.PROMPT_WEIGHT, ahead=held or random.random() < 0.6)
        output.write("dev" if held else "train", "answers", line)


def copying(root, texts, count, output, random):
    pool = sorted({word for text in texts[:400] for word in words(text) if word.isalpha()})
    plain = [sentence for text in random.sample(texts, 300) for paragraph in paragraphs(text) for sentence in sentences(paragraph)]
    plain = [sentence for sentence in plain if 20 <= len(sentence) <= 250]
    for index in range(count):
        form = random.random()
        if form < 0.5:
            line = drills.shuffled_words(pool, random)
        elif form < 0.75:
            line = drills.pairs(pool, random)
        elif form < 0.93:
            line = drills.repeated_sentences(plain, random)
        else:
            line = drills.copied_paraphrase(random.choice(plain))
        output.write("train" if index % 100 else "dev", "copies", line)
    fillers = [sentence for sentence in plain if len(sentence) <= 90 and '"' not in sentence]
    for index in range(count):
        made = people.questions(fillers, random)
        output.write("train" if index % 100 else "dev", "people", examples.answers(*made, ahead=random.random() < 0.6))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora")
    parser.add_argument("output")
    parser.add_argument("--scale", type=float, default=1.0, help="how many of the made-up examples, against 60,000 of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    count = int(60_000 * options.scale)
    output = Output(options.output)
    random = randomness.Random(options.seed)
    running_text(options.corpora, output)
    texts = sentence_pool(options.corpora, random)
    copying(options.corpora, texts, count, output, random)
    fact_questions(options.corpora, count, output, random)
    gap_questions(texts, count, "train", output, random)
    tasks_of_people(options.corpora, output, random)
    output.close()


if __name__ == "__main__":
    main()
