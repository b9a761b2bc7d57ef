"""Questions made from the sentences of a text: the answer is what was taken out."""

import re

_VERBS = (
    "was|were|is|are|had|has|could|would|did|went|came|said|took|made|saw|found|gave|ran|sat|stood|lived|told|asked|cried|"
    "began|became|got|left|brought|held|kept|led|lost|met|put|sent|spoke|fell|flew|grew|knew|thought|heard|can|must|will"
)
_SUBJECT = re.compile(
    r"^((?:The|A|An|His|Her|Their|My|Our|Every|Each|One|Two|Three|Some|Many|[A-Z][a-z]+)(?: [A-Za-z'-]+){0,3}?) ((?:"
    + _VERBS + r"|[a-z]{3,}ed)\b [^.!?;:]{6,90})"
)
_PRONOUNS = {"He", "She", "It", "They", "We", "You", "I", "This", "That", "There", "Then", "But", "And", "So", "If", "When", "What", "Who", "How", "Why", "Where", "As", "In", "On", "At", "For", "To", "Here", "Now", "Yes", "No", "Not", "Oh", "These", "Those"}
_PLACE = re.compile(
    r"^([A-Z][A-Za-z' -]{1,30}?) (was|were|is|are) ((?:in|on|at|under|near|by|behind|from|between) (?:the |a |an |his |her )?[A-Za-z -]{3,40}?)(?=[.,;]|$)"
)
_YEAR = re.compile(r"^(.{10,100}?) in ((?:1[5-9]|20)\d\d)\b")
_PEOPLE = {"king", "queen", "man", "woman", "boy", "girl", "mother", "father", "brother", "sister", "prince", "princess", "son", "daughter", "wife", "husband", "children", "people", "king's", "old", "giant", "witch", "lady", "fisherman", "doctor", "teacher"}


def question(sentence, random):
    """Question and answer from a sentence, or nothing where it has no form that we know."""
    forms = [_subject, _place, _gap, _continued]
    random.shuffle(forms)
    for form in forms:
        found = form(sentence, random)
        if found and found[1] in sentence:
            return found
    return None


def _subject(sentence, random):
    found = _SUBJECT.match(sentence)
    if not found or found.group(1).split()[0] in _PRONOUNS:
        return None
    subject, rest = found.groups()
    rest = " ".join(rest.rstrip(",").split()[: random.randint(5, 12)]).rstrip(",")
    is_person = bool(_PEOPLE & set(subject.lower().split())) or (len(subject.split()) == 1 and random.random() < 0.7)
    return f"{'Who' if is_person else 'What'} {rest}?", subject


def _place(sentence, random):
    found = _PLACE.match(sentence)
    if not found or found.group(1).split()[0] in _PRONOUNS:
        return None
    subject, verb, place = found.groups()
    subject = subject if subject.split()[0] not in ("The", "A", "An", "His", "Her") else subject[0].lower() + subject[1:]
    return f"Where {verb} {subject}?", place


def _gap(sentence, random):
    """A run of words is replaced by a line."""
    words = sentence.split()
    if not 6 <= len(words) <= 40:
        return None
    count = random.randint(1, 4)
    start = random.randint(1, len(words) - count - 1)
    answer = " ".join(words[start : start + count]).rstrip(".,;:!?")
    if len(answer) < 3 or '"' in answer:
        return None
    before = words[max(0, start - 7) : start]
    after = words[start + count : start + count + 4]
    return " ".join(before + ["___"] + after).rstrip(".,;:!?") + "?", answer


def _continued(sentence, random):
    """How a sentence goes on."""
    words = sentence.split()
    if len(words) < 8:
        return None
    start = random.randint(3, len(words) - 4)
    count = random.randint(2, min(6, len(words) - start))
    answer = " ".join(words[start : start + count]).rstrip(".,;:!?\"'")
    if not answer:
        return None
    return "What comes after \"" + " ".join(words[max(0, start - 5) : start]).replace('"', "") + "\"?", answer
