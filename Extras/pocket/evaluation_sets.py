#!/usr/bin/env python3
"""Makes the sets that the card of the model `pocket` is measured on, from the corpora.

    evaluation_sets.py CORPORA OUT

What is held out is said in recipe/corpora.py, by which the training sets are made, too.
"""

import gzip
import json
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "recipe"))
from corpora import HELD_OUT_BOOKS, is_held_out_country  # noqa: E402

NO_ANSWER = "not in the text"


# Label in a generated document; where the value stands; the part of it that is wanted; questions.
FIELDS = [
    ("Airports", "Transportation", "Airports", r"[\d,]+", ["How many airports does {} have?", "How many airports are there in {}?"]),
    ("Capital", "Government", "Capital", r"name: ([^;(\[]+)", ["What is the capital of {}?", "Which city is the capital of {}?"]),
    ("Main exports", "Economy", "Exports - commodities", r"[^(;]+", ["What are the main exports of {}?", "What does {} mainly export?"]),
    ("Main imports", "Economy", "Imports - commodities", r"[^(;]+", ["What are the main imports of {}?", "What does {} mainly import?"]),
    ("Irrigated land", "Geography", "Irrigated land", r"[\d,.]+ sq km", ["How much land is irrigated in {}?"]),
    ("Location", "Geography", "Location", r"[^;(]+", ["Where is {}?", "Where does {} lie?"]),
    ("Climate", "Geography", "Climate", r"[^;(]+", ["What is the climate of {}?", "What is the climate like in {}?"]),
    ("Coastline", "Geography", "Coastline", r"[\d,.]+ km", ["How long is the coastline of {}?"]),
    ("Highest point", "Geography", "Elevation", r"highest point: ([^;(]+ m)\b", ["What is the highest point of {}?"]),
    ("National holiday", "Government", "National holiday", r"[^;:(]+", ["What is the national holiday of {}?"]),
    ("National symbol", "Government", "National symbol(s)", r"[^;(]+", ["What is the national symbol of {}?"]),
    ("Population", "People and Society", "Population", r"total: ([\d,]+)", ["How many people live in {}?", "What is the population of {}?"]),
    ("Population growth rate", "People and Society", "Population growth rate", r"-?[\d.]+%", ["How fast does the population of {} grow?"]),
    ("Median age", "People and Society", "Median age", r"total: ([\d.]+ years)", ["What is the median age in {}?"]),
    ("Life expectancy", "People and Society", "Life expectancy at birth", r"total population: ([\d.]+ years)", ["What is the life expectancy in {}?"]),
    ("Internet country code", "Communications", "Internet country code", r"\.[a-z]{2}", ["What is the internet country code of {}?"]),
]


def rows(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def facts(row):
    """The country's lines as (label, value, questions)."""
    found = []
    for label, section, key, pattern, questions in FIELDS:
        value = row["sections"].get(section, {}).get(key)
        match = re.search(pattern, value) if isinstance(value, str) else None
        if match:
            text = (match.group(1) if match.lastindex else match.group(0)).strip(" ,;\n")
            if text and len(text) <= 120:
                found.append((label, text, questions))
    return found


def factbook_item(row, chance, answerable=True):
    """A question on some of a country's lines, or on one that was taken out; `None` for a country with few lines."""
    known = facts(row)
    if len(known) < 5:
        return None
    lines = chance.sample(known, min(len(known), chance.randint(5, 9)))
    asked = chance.choice(lines)
    if not answerable:
        lines.remove(asked)
    document = "\n".join([row["country"]] + [f"{label}: {value}" for label, value, _ in lines])
    return {
        "id": f"{row['id']}#{asked[0]}",
        "document": document,
        "question": chance.choice(asked[2]).format(row["country"]),
        "answers": [asked[1]] if answerable else [],
    }


def factbook(corpora, answerable, each):
    chance = random.Random(1 if answerable else 2)
    for row in rows(corpora / "text/factbook.jsonl.gz"):
        if is_held_out_country(row["id"]):
            for _ in range(each):
                if item := factbook_item(row, chance, answerable):
                    yield item


def fairytales(corpora, most_words=190):
    for row in rows(corpora / "qa/fairytaleqa.jsonl.gz"):
        if row["split"] == "dev" and len(row["context"].split()) <= most_words:
            for index, pair in enumerate(row["qas"]):
                yield {
                    "id": f"{row['id']}#{index}",
                    "document": row["context"],
                    "question": pair["question"],
                    "answers": pair["answers"],
                }


def passages(corpora):
    for row in rows(corpora / "summarize/textbook_passages.jsonl.gz"):
        if row["split"] == "dev":
            yield {"id": row["id"], "document": row["passage"], "summary": row["summary"]}


def verses(corpora):
    for row in rows(corpora / "paraphrase/bible_verses.jsonl.gz"):
        if row["ref"].rsplit(" ", 1)[0] in HELD_OUT_BOOKS:
            yield {"id": row["ref"], "document": row["bsb"], "target": row["web"]}


def running_text(path, field, most_characters):
    """Beginnings of held-out texts, about 20,000 tokens of them together."""
    left = most_characters
    for row in rows(path):
        if row["split"] == "dev" and left > 0:
            text = row[field][: min(left, 16_000)]
            left -= len(text)
            yield {"id": str(row["id"]), "text": text}


def make(corpora, out):
    """Writes all sets; returns their paths by name."""
    sets = {
        "factbook": factbook(corpora, True, each=10),
        "factbook-unanswerable": factbook(corpora, False, each=5),
        "fairytaleqa": fairytales(corpora),
        "passages": passages(corpora),
        "verses": verses(corpora),
        "textbooks": running_text(corpora / "summarize/textbook_sections.jsonl.gz", "text", 67_000),
        "stories": running_text(corpora / "summarize/squality_stories.jsonl.gz", "document", 65_000),
    }
    out.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name, items in sets.items():
        paths[name] = out / f"{name}.jsonl"
        with open(paths[name], "w", encoding="utf-8") as file:
            for item in items:
                file.write(json.dumps(item, ensure_ascii=False) + "\n")
    return paths


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for name, path in make(Path(sys.argv[1]), Path(sys.argv[2])).items():
        print(f"{name:22} {sum(1 for _ in open(path, encoding='utf-8')):6} {path}")
