"""Reads the corpora that the pocket model is made of, and says what is held out."""

import gzip
import hashlib
import json
import os
import re

# The model is passed on, so that nothing non-commercial and nothing under the GPL goes in.
TEXT_SETS = {
    # set: weight of its characters in running text. Easy and factual texts first; novels only as a relish.
    "text/easy_stories": 2.0,
    "text/fairytales": 1.0,
    "text/onestop_articles": 1.5,
    "text/childrens_books": 0.25,
    "text/novels": 0.06,
    "summarize/textbook_sections": 0.5,
}
# What the card is measured on; `evaluation_sets.py` takes it from here.
HELD_OUT_BOOKS = {"Ruth", "Esther", "Joel", "Habakkuk", "Malachi", "James", "Titus", "Jude"}


def is_held_out_country(identifier):
    """A tenth of the countries, by a hash of the row's id."""
    return hashlib.sha256(identifier.encode()).digest()[0] < 26


def rows(root, name):
    """Lines of a set, as objects."""
    with gzip.open(os.path.join(root, name + ".jsonl.gz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def rank(key):
    """A number that depends on the key alone, and looks random."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")


def is_dev(row, key):
    """Whether a row is held out: as its set says, else one in fifty."""
    if "split" in row:
        return row["split"] == "dev"
    return rank(key) % 50 == 0


def countries(root):
    """The Factbook's countries, and the names of those that are held out."""
    entries = [row for row in rows(root, "text/factbook") if len(row["sections"].get("Economy", {})) > 8]
    return entries, {row["country"] for row in entries if is_held_out_country(row["id"])}


def paragraphs(text):
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


_ENDS = re.compile(r'(?<=[.!?])["\')\]]*\s+(?=["\'(\[]?[A-Z0-9])')
_ABBREVIATIONS = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Prof|vs|etc|e\.g|i\.e|Fig|No|U\.S|[A-Z])\.$")


def sentences(text):
    """Sentences of a paragraph, by their ends."""
    found, start = [], 0
    for end in _ENDS.finditer(text):
        part = text[start : end.start()] + text[end.start() : end.end()].rstrip()
        if _ABBREVIATIONS.search(part):
            continue
        found.append(part.strip())
        start = end.end()
    rest = text[start:].strip()
    if rest:
        found.append(rest)
    return found


def words(text):
    return re.findall(r"[A-Za-z][A-Za-z'-]*|\d[\d.,]*", text)
